import type { CounterKind } from "./entry.ts";
import { isListed } from "./fields.ts";

/** The fields that say how many connections are open now. */
const GAUGES: ReadonlySet<string> = new Set(["TcpCurrEstab", "MPTcpExtMPCurrEstab"]);

/**
 * When a host booted, in seconds since 1970, as node_exporter tells it: of no file that agents read, whose hosts have
 * boot ids. It is kept with the counters because it is evidence of what they mean (rates/interval.ts).
 */
export const BOOT_TIME = "NodeBootTimeSeconds";

/** When the oldest counter of a snapshot began, in seconds since 1970, as OTLP and remote write 2.0 tell it: likewise. */
export const START_TIME = "CountersStartSeconds";

/**
 * The fields that are settings, or the same on every Linux: SNMP wants them in the table.
 * Ip ReasmTimeout is not among them. By the SNMP standard it is a constant; Linux counts timeouts in it.
 */
const CONSTANTS: ReadonlySet<string> = new Set([
  "IpForwarding",
  "IpDefaultTTL",
  "TcpRtoAlgorithm",
  "TcpRtoMin",
  "TcpRtoMax",
  "TcpMaxConn",
  BOOT_TIME,
  START_TIME,
]);

/** Groups of numbers of sockets: every field of them is a gauge. */
const GAUGE_GROUPS: readonly string[] = ["Sockstat6", "Sockstat"];

/**
 * Counters that stand still on a healthy host, or that say something only beside one that does: a
 * burst that has to be told within one interval moves some of them.
 *
 * Left out on purpose:
 * - EstabResets and TCPDeferAcceptDrop: healthy traffic moves them, once for each connection.
 * - TCPSynRetrans, RetransSegs, TCPTimeouts, OutRsts: every network loses some packets; they are
 *   compared with what is usual on the host.
 * - TCPZeroWindowDrop: a peer that sends against a closed window, which is flow control at work.
 * - TCPAbortOnLinger: the application asked for it by TCP_LINGER2; it says nothing of pressure.
 */
const EVENT_COUNTERS: ReadonlySet<string> = new Set([
  // The accept queue and every other refusal of a listener.
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpExtTCPFastOpenListenOverflow",
  // The SYN queue. With cookies on, these are all that moves; and cookies that come back are what
  // tells an honest burst from a flood, so the three are needed for the same interval.
  "TcpExtTCPReqQFullDoCookies",
  "TcpExtTCPReqQFullDrop",
  "TcpExtSyncookiesSent",
  "TcpExtSyncookiesRecv",
  "TcpExtSyncookiesFailed",
  // What went well: without it nobody can say what share of handshakes a burst has cost, while it goes on.
  "TcpPassiveOpens",
  // Handshakes that fail. Some hosts see a few all day; the pair tells a peer that refuses from a scan.
  "TcpAttemptFails",
  "TcpExtEmbryonicRsts",
  // Lack of memory or of room: connections or data are lost.
  "TcpExtTCPAbortOnMemory",
  "TcpExtTCPAbortFailed",
  "TcpExtTCPMemoryPressures",
  "TcpExtPruneCalled",
  "TcpExtRcvPruned",
  "TcpExtTCPRcvQDrop",
  "TcpExtTCPBacklogDrop",
  "TcpExtTCPTimeWaitOverflow",
]);

/** The kind of a counter by its full name. What no list has is of kind UNKNOWN, and served as a counter. */
export function counterKind(name: string): CounterKind {
  if (isGauge(name)) return "GAUGE";
  return isListed(name) ? "COUNTER" : "UNKNOWN";
}

/** Whether the full name is that of a gauge or a constant, of which no increase or rate is taken. */
export function isGauge(name: string): boolean {
  return GAUGES.has(name) || isConstant(name) || GAUGE_GROUPS.some((group) => name.startsWith(group));
}

/** Whether the full name is that of a constant: a value that no chart over time would show anything of. */
export function isConstant(name: string): boolean {
  return CONSTANTS.has(name);
}

/** Whether the full name is that of a counter whose every increase is worth judging at once. */
export function isEventCounter(name: string): boolean {
  return EVENT_COUNTERS.has(name);
}
