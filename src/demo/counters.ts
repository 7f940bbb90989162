/**
 * What a simulated namespace tells, in the kernel's order: the counters of a diagnosis and a few beside them. A real
 * kernel prints some 330.
 */
export const COUNTERS = [
  "TcpActiveOpens",
  "TcpPassiveOpens",
  "TcpAttemptFails",
  "TcpEstabResets",
  "TcpCurrEstab",
  "TcpInSegs",
  "TcpOutSegs",
  "TcpRetransSegs",
  "TcpInErrs",
  "TcpOutRsts",
  "TcpExtSyncookiesSent",
  "TcpExtSyncookiesRecv",
  "TcpExtSyncookiesFailed",
  "TcpExtEmbryonicRsts",
  "TcpExtPruneCalled",
  "TcpExtTW",
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpExtTCPTimeouts",
  "TcpExtTCPLossProbes",
  "TcpExtTCPLostRetransmit",
  "TcpExtTCPAbortOnData",
  "TcpExtTCPAbortOnClose",
  "TcpExtTCPAbortOnMemory",
  "TcpExtTCPAbortOnTimeout",
  "TcpExtTCPMemoryPressures",
  "TcpExtTCPBacklogDrop",
  "TcpExtTCPDeferAcceptDrop",
  "TcpExtTCPTimeWaitOverflow",
  "TcpExtTCPReqQFullDoCookies",
  "TcpExtTCPReqQFullDrop",
  "TcpExtTCPFastOpenListenOverflow",
  "TcpExtTCPSynRetrans",
  "TcpExtTCPOrigDataSent",
  "TcpExtTCPDelivered",
  "TcpExtTCPRcvQDrop",
  "SockstatSocketsUsed",
  "SockstatTCPInuse",
  "SockstatTCPTw",
] as const;

export type CounterName = (typeof COUNTERS)[number];

const places = new Map<string, number>(COUNTERS.map((name, place) => [name, place]));

/** Place of a counter in COUNTERS. */
export function placeOf(name: CounterName): number {
  return places.get(name) ?? -1;
}
