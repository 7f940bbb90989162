/**
 * What each documented counter counts; the most important first. The first clause stands alone in lists, and the
 * agent bundles these: what is longer belongs to counters/.
 */
export const MEANINGS: ReadonlyMap<string, string> = new Map([
  // The seven that the service is about.
  [
    "TcpExtListenOverflows",
    "Packets of a handshake, SYNs and final ACKs, that a listener refused because its accept queue " +
      "was full: connections were complete and waiting, and the application had not accepted them " +
      "yet.",
  ],
  [
    "TcpExtListenDrops",
    "Packets of a handshake that a listener refused for any reason. It takes in the overflows of " +
      "the accept queue, so what ListenDrops has beyond ListenOverflows are the refusals with another " +
      "cause.",
  ],
  [
    "TcpAttemptFails",
    "Connections that ended before they were established: outgoing ones that were refused or timed " +
      "out in the kernel, and incoming half-open ones that a reset, or a SYN out of place, killed.",
  ],
  [
    "TcpActiveOpens",
    "Outgoing connections that were begun: one for each connect() that got as far as its first SYN.",
  ],
  [
    "TcpPassiveOpens",
    "Incoming connections whose handshake was completed and which went into an accept queue, " +
      "whether or not the application has accepted them yet.",
  ],
  [
    "TcpCurrEstab",
    "Connections in state ESTABLISHED or CLOSE_WAIT at this moment. A gauge: it goes up and down.",
  ],
  [
    "TcpEstabResets",
    "Open connections that ended at once instead of being closed in order, whichever side ended " +
      "them: a reset received, or an abort by this host.",
  ],
  // The SYN queue and half-open connections.
  [
    "TcpExtTCPReqQFullDoCookies",
    "SYNs that found the SYN queue of their listener full and were passed on to be answered with a " +
      "SYN cookie.",
  ],
  [
    "TcpExtTCPReqQFullDrop",
    "SYNs that were dropped because the SYN queue of their listener was full and SYN cookies are off.",
  ],
  ["TcpExtSyncookiesSent", "SYNs that were answered with a SYN cookie."],
  [
    "TcpExtSyncookiesRecv",
    "ACKs that returned a valid SYN cookie: a client that had been sent one has completed its handshake.",
  ],
  [
    "TcpExtSyncookiesFailed",
    "ACKs to a listener that sent SYN cookies of late, which belong to no connection and carry no " +
      "valid cookie.",
  ],
  [
    "TcpExtEmbryonicRsts",
    "Half-open incoming connections that were ended by a reset: one from the client, or one that " +
      "this host sent.",
  ],
  ["TcpExtTCPSynRetrans", "SYNs and SYN-ACKs that this host sent again for want of an answer."],
  [
    "TcpExtTCPDeferAcceptDrop",
    "Final ACKs that were held back because the listener has TCP_DEFER_ACCEPT set and wants data first.",
  ],
  ["TcpExtTCPSYNChallenge", "SYNs that arrived on a connection that exists already."],
  [
    "TcpExtTCPChallengeACK",
    "ACKs sent to ask a peer whether a reset, a SYN or an odd ACK was really meant for the connection.",
  ],
  ["TcpExtTCPMigrateReqSuccess", "Incoming connections that moved from a closed listener to another one."],
  [
    "TcpExtTCPMigrateReqFailure",
    "Incoming connections of a closed listener that should have moved to another one and could not.",
  ],
  // Fast Open.
  [
    "TcpExtTCPFastOpenListenOverflow",
    "Fast Open requests that found the Fast Open queue of their listener full, and go through the " +
      "normal handshake.",
  ],
  ["TcpExtTCPFastOpenPassive", "Incoming Fast Open connections that were taken with their data."],
  [
    "TcpExtTCPFastOpenPassiveFail",
    "Incoming Fast Open requests that were refused: the cookie was not valid, or the socket could " +
      "not be made.",
  ],
  ["TcpExtTCPFastOpenCookieReqd", "SYNs in which a client asked for a Fast Open cookie."],
  [
    "TcpExtTCPFastOpenActive",
    "Outgoing Fast Open connections whose data the peer took with the first packet.",
  ],
  [
    "TcpExtTCPFastOpenActiveFail",
    "Outgoing Fast Open attempts that failed: the peer did not take the data, or timeouts followed.",
  ],
  [
    "TcpExtTCPFastOpenBlackhole",
    "Times that outgoing Fast Open was paused because the path seemed to swallow it.",
  ],
  // How connections end.
  [
    "TcpOutRsts",
    "Resets that this host sent, or tried to: to connections it ends and to packets that belong to none.",
  ],
  [
    "TcpExtTCPAbortOnClose",
    "Connections reset by this host because the application closed them with data unread.",
  ],
  [
    "TcpExtTCPAbortOnData",
    "Connections reset by this host because the application closed them with a linger time of 0, or " +
      "because data arrived after it had closed them.",
  ],
  [
    "TcpExtTCPAbortOnTimeout",
    "Connections given up because the peer did not answer: retransmissions, window probes or " +
      "keepalives ran out.",
  ],
  [
    "TcpExtTCPAbortOnMemory",
    "Closed connections that the kernel reset at once, for lack of TCP memory or because there were " +
      "too many orphans.",
  ],
  [
    "TcpExtTCPAbortOnLinger",
    "Closed connections that were reset rather than kept for the peer's FIN, as TCP_LINGER2 asks.",
  ],
  ["TcpExtTCPAbortFailed", "Resets that could not be sent: no memory, or the network stack refused them."],
  // Segments, losses and timeouts.
  ["TcpInSegs", "TCP segments received for this host, bad ones included."],
  ["TcpOutSegs", "TCP segments sent, without those that only repeat data."],
  ["TcpRetransSegs", "TCP segments sent again, SYNs and SYN-ACKs included."],
  ["TcpExtTCPOrigDataSent", "Segments with new data sent: no pure ACKs and no retransmissions."],
  ["TcpInErrs", "Segments received that were bad: a wrong checksum, a broken header, or a stray SYN."],
  ["TcpInCsumErrors", "Segments received with a wrong checksum."],
  [
    "TcpExtTCPTimeouts",
    "Retransmission timers that ran out: for data, for a SYN, or for the SYN-ACK of a half-open connection.",
  ],
  ["TcpExtTCPFastRetrans", "Segments sent again during recovery, before the retransmission timer ran out."],
  ["TcpExtTCPSlowStartRetrans", "Segments sent again after the retransmission timer had run out."],
  ["TcpExtTCPLostRetransmit", "Segments sent again and lost once more."],
  ["TcpExtTCPRetransFail", "Retransmissions that this host itself failed to send."],
  [
    "TcpExtTCPSpuriousRTOs",
    "Retransmission timeouts that turned out to be needless: the data had only been late.",
  ],
  ["TcpExtTCPLossProbes", "Loss probes sent because the last segments of a burst stayed unacknowledged."],
  ["TcpExtTCPLossProbeRecovery", "Losses that a loss probe found and mended."],
  [
    "TcpExtTCPSpuriousRtxHostQueues",
    "Retransmissions that were not made because the first copy was still in a queue of this host.",
  ],
  ["TcpExtTCPDSACKRecv", "Reports of peers that they had received a segment twice."],
  // Memory and buffers.
  [
    "TcpExtTCPMemoryPressures",
    "Times that TCP came under memory pressure, which is when it holds more pages than the second " +
      "number of net.ipv4.tcp_mem.",
  ],
  [
    "TcpExtTCPMemoryPressuresChrono",
    "Time that TCP has spent under memory pressure, added when each spell ends.",
  ],
  [
    "TcpExtPruneCalled",
    "Times that a connection ran out of receive buffer and its queues were squeezed together.",
  ],
  ["TcpExtRcvPruned", "Packets dropped because squeezing did not free enough of the receive buffer."],
  ["TcpExtOfoPruned", "Times that data received out of order was thrown away to free receive buffer."],
  ["TcpExtTCPRcvCollapsed", "Packets that were merged into others to save receive buffer."],
  ["TcpExtTCPRcvQDrop", "Packets in order that were dropped for lack of receive buffer or TCP memory."],
  ["TcpExtTCPOFOQueue", "Packets that arrived out of order and were kept until the gap is filled."],
  ["TcpExtTCPOFODrop", "Packets out of order that were dropped for lack of receive buffer or TCP memory."],
  [
    "TcpExtTCPBacklogDrop",
    "Packets of an open connection that were dropped because too many waited while the application " +
      "held its socket. It has nothing to do with the backlog of a listener.",
  ],
  ["TcpExtTCPZeroWindowDrop", "Packets that were dropped because a peer sent them against a closed window."],
  ["TcpExtTCPToZeroWindowAdv", "Times that this host closed its receive window to a peer."],
  ["TcpExtTCPFromZeroWindowAdv", "Times that this host opened a closed receive window again."],
  [
    "TcpExtTCPWantZeroWindowAdv",
    "Times that this host would have closed its window, had it not promised room.",
  ],
  ["TcpExtTCPWinProbe", "Probes sent to peers that had closed their window."],
  ["TcpExtTCPKeepAlive", "Keepalive probes sent on idle connections."],
  [
    "TcpExtPFMemallocDrop",
    "Packets dropped because they had come in on the memory reserve, which is kept for sockets that " +
      "free memory.",
  ],
  // After the end of a connection.
  [
    "TcpExtTW",
    "Sockets that began a wait after their end, TIME_WAIT or FIN_WAIT_2, with a timer of over 4 s.",
  ],
  ["TcpExtTWKilled", "Sockets that began a wait after their end with a timer of 4 s or less."],
  ["TcpExtTWRecycled", "TIME_WAIT sockets whose address and port an outgoing connection took over."],
  [
    "TcpExtTCPTimeWaitOverflow",
    "Connections that were closed without TIME_WAIT: the number of such sockets was at its limit, " +
      "or there was no memory.",
  ],
  ["TcpExtPAWSActive", "SYN-ACKs that were refused because they echoed a timestamp this host had not sent."],
  ["TcpExtPAWSEstab", "Packets of a connection that were dropped because their timestamp was too old."],
  // Routes.
  ["IpOutNoRoutes", "IPv4 packets and connections that could not be sent because there was no route."],
  ["IpExtInNoRoutes", "IPv4 packets received that were dropped because there was no route for them."],
  [
    "TcpExtIPReversePathFilter",
    "IPv4 packets dropped because the route back to their sender does not lead through where they came in.",
  ],
  // Settings.
  ["TcpRtoAlgorithm", "Number of the algorithm for retransmission timeouts: always 1 on Linux."],
  ["TcpRtoMin", "Least retransmission timeout that the kernel was built with. A constant."],
  ["TcpRtoMax", "Greatest retransmission timeout that the kernel was built with. A constant."],
  ["TcpMaxConn", "Greatest number of connections, which on Linux is -1: there is none."],
]);
