/**
 * How many SYNs a client that is dropped has sent by the time it is counted: kernels since 6.5 send seven in
 * 10 s, and about ten in a minute. Clients' kernels are unknown, so the estimate takes 7 and the range 10 to 1.
 */
const SYNS_USUAL = 7;
const SYNS_MOST = 10;
/** Above this share of cookies that came back, those who sent them were clients and no flood. */
const HONEST_COOKIES = 0.5;
/**
 * ACKs with a cookie that a client may have had dropped within a second of its SYN: it believes to be connected,
 * and sends its data again after 0.2 s and 0.6 s.
 */
const PROMPT_ACKS = 3;
/** Segments that a client with a refused cookie had under way, each of which counts: its data, and its FIN. */
const REFUSED_MOST = 2;

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
 * ratio ListenOverflows / (PassiveOpens + ListenOverflows) is not the share, and neither is it the most that the
 * share can be: who gets in at the second try was delayed, and is accepted as well (docs/adr/0012). A client whose
 * cookie came back to a full queue is reset, and counts as SyncookiesFailed; a flood's cookies do not come back,
 * which is how the two are told apart.
 *
 * The range is 10 packets a client to 1. Its lower end leaves out what cookies that came back may have been
 * dropped without a second's delay. In the first seconds of a stall, and in bursts that the queue soon recovers
 * from, the truth is near the upper end.
 *
 * Call it for each namespace and span, and add up what it gives: the larger of two numbers and the share of
 * cookies that came back say something of one listener's clients, and nothing once a flood on one host is added
 * to a burst on another.
 */
export function lostHandshakes(inputs: DropInputs): LostHandshakes {
  const { listenOverflows, reqQFullDrop, cookiesSent, cookiesReceived, cookiesFailed } = inputs;
  const refused = cookiesReceived > HONEST_COOKIES * cookiesSent ? cookiesFailed : 0;
  const prompt = Math.min(listenOverflows, cookiesReceived, PROMPT_ACKS * cookiesSent);
  const least = Math.max((listenOverflows - prompt) / SYNS_MOST, refused / REFUSED_MOST);
  return {
    lost: Math.max(listenOverflows / SYNS_USUAL, refused) + reqQFullDrop / SYNS_USUAL,
    low: least + reqQFullDrop / SYNS_MOST,
    high: Math.max(listenOverflows, refused) + reqQFullDrop,
  };
}

/**
 * The share of attempted handshakes that were lost or delayed; null when none was attempted. The estimate and the
 * least take them for lost, beside those accepted; the most takes as many as can be for delayed, among them.
 *
 * @param accepted handshakes accepted (TcpPassiveOpens), of all the namespaces that `lost` is the sum of
 */
export function lossShare(accepted: number, { lost, low, high }: LostHandshakes): LossShare | null {
  if (accepted + high === 0) return null;
  // In this form every step rounds the same way up as its operand, so that no digit breaks the order of the three.
  const besides = (bad: number) => (bad === 0 ? 0 : 1 / (1 + accepted / bad));
  const among = (bad: number) => (bad === 0 ? 0 : 1 / Math.max(1, accepted / bad));
  return { share: besides(lost), low: besides(low), high: among(high) };
}
