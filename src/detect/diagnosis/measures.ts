/** The counters that diagnoses are made from, by what they mean there. */
export const MEASURES = {
  accepted: "TcpPassiveOpens",
  opened: "TcpActiveOpens",
  attemptsFailed: "TcpAttemptFails",
  resets: "TcpEstabResets",
  retransmits: "TcpRetransSegs",
  segmentsSent: "TcpOutSegs",
  resetsSent: "TcpOutRsts",
  overflows: "TcpExtListenOverflows",
  drops: "TcpExtListenDrops",
  cookiesSent: "TcpExtSyncookiesSent",
  cookiesReceived: "TcpExtSyncookiesRecv",
  cookiesFailed: "TcpExtSyncookiesFailed",
  queueFullCookies: "TcpExtTCPReqQFullDoCookies",
  queueFullDrops: "TcpExtTCPReqQFullDrop",
  embryonicResets: "TcpExtEmbryonicRsts",
  deferredAccepts: "TcpExtTCPDeferAcceptDrop",
  synRetransmits: "TcpExtTCPSynRetrans",
  timeouts: "TcpExtTCPTimeouts",
  lostRetransmits: "TcpExtTCPLostRetransmit",
  abortsOnClose: "TcpExtTCPAbortOnClose",
  abortsOnData: "TcpExtTCPAbortOnData",
  abortsOnTimeout: "TcpExtTCPAbortOnTimeout",
  abortsOnMemory: "TcpExtTCPAbortOnMemory",
  memoryPressures: "TcpExtTCPMemoryPressures",
  prunes: "TcpExtPruneCalled",
  prunedReceives: "TcpExtRcvPruned",
  receiveQueueDrops: "TcpExtTCPRcvQDrop",
} as const;

export type Measure = keyof typeof MEASURES;

export const MEASURE_NAMES = Object.keys(MEASURES) as Measure[];
