/** The 150 counters of a simulated host: real names, in the order in which the kernel prints them. */
export const COUNTERS: readonly string[] = names(`
  TcpRtoAlgorithm TcpRtoMin TcpRtoMax TcpMaxConn TcpActiveOpens TcpPassiveOpens TcpAttemptFails
  TcpEstabResets TcpCurrEstab TcpInSegs TcpOutSegs TcpRetransSegs TcpInErrs TcpOutRsts TcpInCsumErrors
  TcpExtSyncookiesSent TcpExtSyncookiesRecv TcpExtSyncookiesFailed TcpExtEmbryonicRsts TcpExtPruneCalled
  TcpExtRcvPruned TcpExtOfoPruned TcpExtOutOfWindowIcmps TcpExtLockDroppedIcmps TcpExtArpFilter TcpExtTW
  TcpExtTWRecycled TcpExtTWKilled TcpExtPAWSActive TcpExtPAWSEstab TcpExtBeyondWindow TcpExtTSEcrRejected
  TcpExtPAWSOldAck TcpExtPAWSTimewait TcpExtDelayedACKs TcpExtDelayedACKLocked TcpExtDelayedACKLost
  TcpExtListenOverflows TcpExtListenDrops TcpExtTCPHPHits TcpExtTCPPureAcks TcpExtTCPHPAcks
  TcpExtTCPRenoRecovery TcpExtTCPSackRecovery TcpExtTCPSACKReneging TcpExtTCPSACKReorder
  TcpExtTCPRenoReorder TcpExtTCPTSReorder TcpExtTCPFullUndo TcpExtTCPPartialUndo TcpExtTCPDSACKUndo
  TcpExtTCPLossUndo TcpExtTCPLostRetransmit TcpExtTCPRenoFailures TcpExtTCPSackFailures
  TcpExtTCPLossFailures TcpExtTCPFastRetrans TcpExtTCPSlowStartRetrans TcpExtTCPTimeouts
  TcpExtTCPLossProbes TcpExtTCPLossProbeRecovery TcpExtTCPRenoRecoveryFail TcpExtTCPSackRecoveryFail
  TcpExtTCPRcvCollapsed TcpExtTCPBacklogCoalesce TcpExtTCPDSACKOldSent TcpExtTCPDSACKOfoSent
  TcpExtTCPDSACKRecv TcpExtTCPDSACKOfoRecv TcpExtTCPAbortOnData TcpExtTCPAbortOnClose
  TcpExtTCPAbortOnMemory TcpExtTCPAbortOnTimeout TcpExtTCPAbortOnLinger TcpExtTCPAbortFailed
  TcpExtTCPMemoryPressures TcpExtTCPMemoryPressuresChrono TcpExtTCPSACKDiscard TcpExtTCPDSACKIgnoredOld
  TcpExtTCPDSACKIgnoredNoUndo TcpExtTCPSpuriousRTOs TcpExtTCPMD5NotFound TcpExtTCPMD5Unexpected
  TcpExtTCPMD5Failure TcpExtTCPSackShifted TcpExtTCPSackMerged TcpExtTCPSackShiftFallback
  TcpExtTCPBacklogDrop TcpExtPFMemallocDrop TcpExtTCPMinTTLDrop TcpExtTCPDeferAcceptDrop
  TcpExtIPReversePathFilter TcpExtTCPTimeWaitOverflow TcpExtTCPReqQFullDoCookies TcpExtTCPReqQFullDrop
  TcpExtTCPRetransFail TcpExtTCPRcvCoalesce TcpExtTCPOFOQueue TcpExtTCPOFODrop TcpExtTCPOFOMerge
  TcpExtTCPChallengeACK TcpExtTCPSYNChallenge TcpExtTCPFastOpenActive TcpExtTCPFastOpenActiveFail
  TcpExtTCPFastOpenPassive TcpExtTCPFastOpenPassiveFail TcpExtTCPFastOpenListenOverflow
  TcpExtTCPFastOpenCookieReqd TcpExtTCPFastOpenBlackhole TcpExtTCPSpuriousRtxHostQueues
  TcpExtBusyPollRxPackets TcpExtTCPAutoCorking TcpExtTCPFromZeroWindowAdv TcpExtTCPToZeroWindowAdv
  TcpExtTCPWantZeroWindowAdv TcpExtTCPSynRetrans TcpExtTCPOrigDataSent TcpExtTCPHystartTrainDetect
  TcpExtTCPHystartTrainCwnd TcpExtTCPHystartDelayDetect TcpExtTCPHystartDelayCwnd
  TcpExtTCPACKSkippedSynRecv TcpExtTCPACKSkippedPAWS TcpExtTCPACKSkippedSeq TcpExtTCPACKSkippedFinWait2
  TcpExtTCPACKSkippedTimeWait TcpExtTCPACKSkippedChallenge TcpExtTCPWinProbe TcpExtTCPKeepAlive
  TcpExtTCPMTUPFail TcpExtTCPMTUPSuccess TcpExtTCPDelivered TcpExtTCPDeliveredCE TcpExtTCPAckCompressed
  TcpExtTCPZeroWindowDrop TcpExtTCPRcvQDrop TcpExtTCPWqueueTooBig TcpExtTCPFastOpenPassiveAltKey
  TcpExtTcpTimeoutRehash TcpExtTcpDuplicateDataRehash TcpExtTCPDSACKRecvSegs TcpExtTCPDSACKIgnoredDubious
  TcpExtTCPMigrateReqSuccess TcpExtTCPMigrateReqFailure TcpExtTCPPLBRehash TcpExtTCPAORequired
  TcpExtTCPAOBad TcpExtTCPAOKeyNotFound TcpExtTCPAOGood TcpExtTCPAODroppedIcmps`);

/** They move with the traffic, each interval, by day more than by night: 15 of a hundred. */
export const BUSY: ReadonlySet<string> = new Set(
  names(`
  TcpActiveOpens TcpPassiveOpens TcpInSegs TcpOutSegs TcpCurrEstab TcpExtTW TcpExtDelayedACKs
  TcpExtTCPHPHits TcpExtTCPPureAcks TcpExtTCPHPAcks TcpExtTCPRcvCoalesce TcpExtTCPAutoCorking
  TcpExtTCPOrigDataSent TcpExtTCPDelivered TcpExtTCPBacklogCoalesce TcpExtTCPKeepAlive TcpOutRsts
  TcpEstabResets TcpExtTCPAckCompressed TcpExtTCPDSACKRecv TcpExtTCPSackShiftFallback TcpExtTCPLossProbes`),
);

/** They move by a few, in some intervals: 25 of a hundred. All others stand still, bursts apart. */
export const SLOW: ReadonlySet<string> = new Set(
  names(`
  TcpAttemptFails TcpRetransSegs TcpExtTCPTimeouts TcpExtDelayedACKLocked TcpExtDelayedACKLost
  TcpExtTCPSackRecovery TcpExtTCPSACKReorder TcpExtTCPTSReorder TcpExtTCPFullUndo TcpExtTCPPartialUndo
  TcpExtTCPDSACKUndo TcpExtTCPLossUndo TcpExtTCPLostRetransmit TcpExtTCPSackFailures TcpExtTCPLossFailures
  TcpExtTCPFastRetrans TcpExtTCPSlowStartRetrans TcpExtTCPLossProbeRecovery TcpExtTCPSackRecoveryFail
  TcpExtTCPDSACKOldSent TcpExtTCPDSACKOfoSent TcpExtTCPDSACKOfoRecv TcpExtTCPAbortOnData
  TcpExtTCPAbortOnClose TcpExtTCPAbortOnTimeout TcpExtTCPDSACKIgnoredNoUndo TcpExtTCPSpuriousRTOs
  TcpExtTCPSackShifted TcpExtTCPSackMerged TcpExtTCPOFOQueue TcpExtTCPOFOMerge TcpExtTCPChallengeACK
  TcpExtTCPSynRetrans TcpExtTCPHystartTrainDetect TcpExtTCPHystartTrainCwnd TcpExtTCPWinProbe
  TcpExtPAWSEstab TcpExtTcpTimeoutRehash`),
);

/** What a burst moves: the kernel adds to both for each connection that a full accept queue refuses. */
export const BURST: readonly string[] = ["TcpExtListenOverflows", "TcpExtListenDrops"];

function names(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
