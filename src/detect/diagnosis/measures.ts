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

/** Series of series.ts that a measure has no series of its own name for, or that is judged from 0 without a baseline. */
export const NAMES = Object.keys(MEASURES) as Measure[];
