import { SEED_COUNTERS } from "../../src/catalog/seed.ts";

/**
 * What a namespace that is not the root sends by default: the seven counters that the service is about, and
 * those by which it tells why they moved. A tenth of what the kernel prints, under a layout that is the same
 * on every kernel: null where one lacks a counter.
 *
 * The gauges of sockstat are those that the kernel keeps for each namespace; orphans and memory are the
 * host's (collectors/sockstat.ts) and come with the root.
 */
export const DIAGNOSIS_COUNTERS: readonly string[] = [
  ...SEED_COUNTERS,
  "TcpInSegs",
  "TcpOutSegs",
  "TcpRetransSegs",
  "TcpOutRsts",
  "TcpExtSyncookiesSent",
  "TcpExtSyncookiesRecv",
  "TcpExtSyncookiesFailed",
  "TcpExtTCPReqQFullDoCookies",
  "TcpExtTCPReqQFullDrop",
  "TcpExtEmbryonicRsts",
  "TcpExtTCPSynRetrans",
  "TcpExtTCPTimeouts",
  "TcpExtTCPLostRetransmit",
  "TcpExtTCPAbortOnClose",
  "TcpExtTCPAbortOnData",
  "TcpExtTCPAbortOnTimeout",
  "TcpExtTCPAbortOnMemory",
  "TcpExtTCPMemoryPressures",
  "TcpExtPruneCalled",
  "TcpExtTCPRcvQDrop",
  "TcpExtTCPBacklogDrop",
  "TcpExtTCPDeferAcceptDrop",
  "TcpExtTCPTimeWaitOverflow",
  "TcpExtTCPFastOpenListenOverflow",
  "SockstatSocketsUsed",
  "SockstatTCPInuse",
  "SockstatTCPTw",
  "Sockstat6TCP6Inuse",
];
