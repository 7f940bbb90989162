/**
 * What one step of a field counts. A group counts one kind of thing, with the exceptions named here.
 */
const BY_GROUP: ReadonlyMap<string, string> = new Map([
  ["Ip", "packets"],
  ["IpExt", "packets"],
  ["Icmp", "messages"],
  ["IcmpMsg", "messages"],
  ["Tcp", "segments"],
  ["TcpExt", "events"],
  ["MPTcpExt", "events"],
  ["Udp", "datagrams"],
  ["UdpLite", "datagrams"],
  ["Sockstat", "sockets"],
  ["Sockstat6", "sockets"],
]);

/** The exceptions, as text: a map of them is built at the first question. */
const EXCEPTIONS: readonly (readonly [unit: string, names: string])[] = [
  ["setting", "IpForwarding TcpRtoAlgorithm"],
  ["hops", "IpDefaultTTL"],
  ["milliseconds", "TcpRtoMin TcpRtoMax TcpExtTCPMemoryPressuresChrono"],
  ["connection attempts", "TcpActiveOpens"],
  [
    "connections",
    `TcpMaxConn TcpPassiveOpens TcpAttemptFails TcpEstabResets TcpCurrEstab MPTcpExtMPCurrEstab TcpExtEmbryonicRsts
    TcpExtPAWSActive TcpExtPAWSPassive TcpExtTCPAbortOnData TcpExtTCPAbortOnClose TcpExtTCPAbortOnMemory
    TcpExtTCPAbortOnTimeout TcpExtTCPAbortOnLinger TcpExtTCPAbortOnSyn TcpExtTCPTimeWaitOverflow
    TcpExtTCPFastOpenActive TcpExtTCPFastOpenPassive TcpExtTCPFastOpenPassiveAltKey TcpExtTCPMigrateReqSuccess
    TcpExtTCPMigrateReqFailure`,
  ],
  ["SYN cookies", "TcpExtSyncookiesSent TcpExtSyncookiesRecv TcpExtSyncookiesFailed"],
  ["resets", "TcpOutRsts TcpExtTCPAbortFailed"],
  ["sockets", "TcpExtTW TcpExtTWRecycled TcpExtTWKilled"],
  ["probes", "TcpExtTCPLossProbes TcpExtTCPWinProbe TcpExtTCPKeepAlive"],
  [
    "ACKs",
    `TcpExtDelayedACKs TcpExtDelayedACKLocked TcpExtTCPPureAcks TcpExtTCPHPAcks TcpExtTCPChallengeACK
    TcpExtTCPAckCompressed TcpExtTCPACKSkippedSynRecv TcpExtTCPACKSkippedPAWS TcpExtTCPACKSkippedSeq
    TcpExtTCPACKSkippedFinWait2 TcpExtTCPACKSkippedTimeWait TcpExtTCPACKSkippedChallenge`,
  ],
  [
    "segments",
    `TcpExtTCPSynRetrans TcpExtTCPFastRetrans TcpExtTCPSlowStartRetrans TcpExtTCPForwardRetrans
    TcpExtTCPLostRetransmit TcpExtTCPRetransFail TcpExtTCPOrigDataSent TcpExtTCPDelivered TcpExtTCPDeliveredCE
    TcpExtTCPDSACKRecvSegs TcpExtTCPHystartTrainCwnd TcpExtTCPHystartDelayCwnd`,
  ],
  [
    "packets",
    `TcpExtListenOverflows TcpExtListenDrops TcpExtTCPReqQFullDoCookies TcpExtTCPReqQFullDrop
    TcpExtTCPDeferAcceptDrop TcpExtTCPSYNChallenge TcpExtTCPFastOpenListenOverflow TcpExtTCPFastOpenCookieReqd
    TcpExtTCPFastOpenPassiveFail TcpExtRcvPruned TcpExtTCPRcvCollapsed TcpExtTCPBacklogCoalesce
    TcpExtTCPBacklogDrop TcpExtTCPRcvCoalesce TcpExtTCPRcvQDrop TcpExtTCPOFOQueue TcpExtTCPOFODrop
    TcpExtTCPOFOMerge TcpExtTCPZeroWindowDrop TcpExtPAWSEstab TcpExtPAWSOldAck TcpExtPAWSTimewait
    TcpExtBeyondWindow TcpExtTSEcrRejected TcpExtTCPHPHits TcpExtTCPHPHitsToUser TcpExtPFMemallocDrop
    TcpExtTCPMinTTLDrop TcpExtIPReversePathFilter TcpExtBusyPollRxPackets TcpExtTCPAutoCorking
    TcpExtTCPMD5NotFound TcpExtTCPMD5Unexpected TcpExtTCPMD5Failure TcpExtTCPAORequired TcpExtTCPAOBad
    TcpExtTCPAOKeyNotFound TcpExtTCPAOGood TcpExtTCPPrequeued SockstatFRAGInuse Sockstat6FRAG6Inuse`,
  ],
  ["messages", "TcpExtOutOfWindowIcmps TcpExtLockDroppedIcmps TcpExtTCPAODroppedIcmps"],
  ["bytes", "TcpExtTCPDirectCopyFromBacklog SockstatFRAGMemory Sockstat6FRAG6Memory"],
  ["pages", "SockstatTCPMem SockstatUDPMem"],
];

let byName: ReadonlyMap<string, string> | undefined;

/** What one step of the counter counts, in the plural; "units" where the group is not known. */
export function counterUnit(name: string, group: string): string {
  if (group === "IpExt" && name.endsWith("Octets")) return "bytes";
  byName ??= new Map(
    EXCEPTIONS.flatMap(([unit, names]) => names.split(/\s+/).map((one) => [one, unit] as const)),
  );
  return byName.get(name) ?? BY_GROUP.get(group) ?? "units";
}
