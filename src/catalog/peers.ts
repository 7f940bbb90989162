/**
 * The names under which other tools export the same number: node_exporter, Telegraf, collectd, cAdvisor, Datadog
 * and Netdata. nstat's are the full names themselves.
 */

/** What Datadog's network check calls the fields that it sends; it chooses its names. */
const DATADOG: ReadonlyMap<string, string> = new Map([
  ["IpInReceives", "ip.in_receives"],
  ["IpInHdrErrors", "ip.in_header_errors"],
  ["IpInAddrErrors", "ip.in_addr_errors"],
  ["IpInUnknownProtos", "ip.in_unknown_protos"],
  ["IpInDiscards", "ip.in_discards"],
  ["IpInDelivers", "ip.in_delivers"],
  ["IpOutRequests", "ip.out_requests"],
  ["IpOutDiscards", "ip.out_discards"],
  ["IpOutNoRoutes", "ip.out_no_routes"],
  ["IpForwDatagrams", "ip.forwarded_datagrams"],
  ["IpReasmTimeout", "ip.reassembly_timeouts"],
  ["IpReasmReqds", "ip.reassembly_requests"],
  ["IpReasmOKs", "ip.reassembly_oks"],
  ["IpReasmFails", "ip.reassembly_fails"],
  ["IpFragOKs", "ip.fragmentation_oks"],
  ["IpFragFails", "ip.fragmentation_fails"],
  ["IpFragCreates", "ip.fragmentation_creates"],
  ["IpExtInNoRoutes", "ip.in_no_routes"],
  ["IpExtInTruncatedPkts", "ip.in_truncated_pkts"],
  ["IpExtInCsumErrors", "ip.in_csum_errors"],
  ["IpExtReasmOverlaps", "ip.reassembly_overlaps"],
  ["TcpRetransSegs", "tcp.retrans_segs"],
  ["TcpInSegs", "tcp.in_segs"],
  ["TcpOutSegs", "tcp.out_segs"],
  ["TcpActiveOpens", "tcp.active_opens"],
  ["TcpPassiveOpens", "tcp.passive_opens"],
  ["TcpAttemptFails", "tcp.attempt_fails"],
  ["TcpEstabResets", "tcp.established_resets"],
  ["TcpInErrs", "tcp.in_errors"],
  ["TcpOutRsts", "tcp.out_resets"],
  ["TcpInCsumErrors", "tcp.in_csum_errors"],
  ["TcpCurrEstab", "tcp.current_established"],
  ["TcpExtListenOverflows", "tcp.listen_overflows"],
  ["TcpExtListenDrops", "tcp.listen_drops"],
  ["TcpExtTCPBacklogDrop", "tcp.backlog_drops"],
  ["TcpExtTCPRetransFail", "tcp.failed_retransmits"],
  ["TcpExtIPReversePathFilter", "ip.reverse_path_filter"],
  ["TcpExtPruneCalled", "tcp.prune_called"],
  ["TcpExtRcvPruned", "tcp.prune_rcv_drops"],
  ["TcpExtOfoPruned", "tcp.prune_ofo_called"],
  ["TcpExtPAWSActive", "tcp.paws_connection_drops"],
  ["TcpExtPAWSEstab", "tcp.paws_established_drops"],
  ["TcpExtSyncookiesSent", "tcp.syn_cookies_sent"],
  ["TcpExtSyncookiesRecv", "tcp.syn_cookies_recv"],
  ["TcpExtSyncookiesFailed", "tcp.syn_cookies_failed"],
  ["TcpExtTCPAbortOnTimeout", "tcp.abort_on_timeout"],
  ["TcpExtTCPSynRetrans", "tcp.syn_retrans"],
  ["TcpExtTCPFromZeroWindowAdv", "tcp.from_zero_window"],
  ["TcpExtTCPToZeroWindowAdv", "tcp.to_zero_window"],
  ["TcpExtTWRecycled", "tcp.tw_reused"],
  ["UdpInDatagrams", "udp.in_datagrams"],
  ["UdpNoPorts", "udp.no_ports"],
  ["UdpInErrors", "udp.in_errors"],
  ["UdpOutDatagrams", "udp.out_datagrams"],
  ["UdpRcvbufErrors", "udp.rcv_buf_errors"],
  ["UdpSndbufErrors", "udp.snd_buf_errors"],
  ["UdpInCsumErrors", "udp.in_csum_errors"],
]);

/** Where Netdata shows a field: a chart with several dimensions, each with an id and often a shorter name. */
const NETDATA: ReadonlyMap<string, readonly [chart: string, ...dimension: string[]]> = new Map([
  ["TcpExtListenOverflows", ["ip.tcp_accept_queue", "ListenOverflows", "overflows"]],
  ["TcpExtListenDrops", ["ip.tcp_accept_queue", "ListenDrops", "drops"]],
  ["TcpExtTCPReqQFullDrop", ["ip.tcp_syn_queue", "TCPReqQFullDrop", "drops"]],
  ["TcpExtTCPReqQFullDoCookies", ["ip.tcp_syn_queue", "TCPReqQFullDoCookies", "cookies"]],
  ["TcpExtSyncookiesRecv", ["ip.tcpsyncookies", "received"]],
  ["TcpExtSyncookiesSent", ["ip.tcpsyncookies", "sent"]],
  ["TcpExtSyncookiesFailed", ["ip.tcpsyncookies", "failed"]],
  ["TcpEstabResets", ["ip.tcphandshake", "EstabResets"]],
  ["TcpOutRsts", ["ip.tcphandshake", "OutRsts"]],
  ["TcpAttemptFails", ["ip.tcphandshake", "AttemptFails"]],
  ["TcpExtTCPSynRetrans", ["ip.tcphandshake", "TCPSynRetrans", "SynRetrans"]],
  ["TcpActiveOpens", ["ip.tcpopens", "ActiveOpens", "active"]],
  ["TcpPassiveOpens", ["ip.tcpopens", "PassiveOpens", "passive"]],
  ["TcpCurrEstab", ["ip.tcpsock", "CurrEstab", "connections"]],
  ["TcpInSegs", ["ip.tcppackets", "received"]],
  ["TcpOutSegs", ["ip.tcppackets", "sent"]],
  ["TcpInErrs", ["ip.tcperrors", "InErrs"]],
  ["TcpInCsumErrors", ["ip.tcperrors", "InCsumErrors"]],
  ["TcpRetransSegs", ["ip.tcperrors", "RetransSegs"]],
  ["TcpExtTCPMemoryPressures", ["ip.tcpmemorypressures", "TCPMemoryPressures", "pressures"]],
  ["TcpExtTCPAbortOnData", ["ip.tcpconnaborts", "TCPAbortOnData", "baddata"]],
  ["TcpExtTCPAbortOnClose", ["ip.tcpconnaborts", "TCPAbortOnClose", "userclosed"]],
  ["TcpExtTCPAbortOnMemory", ["ip.tcpconnaborts", "TCPAbortOnMemory", "nomemory"]],
  ["TcpExtTCPAbortOnTimeout", ["ip.tcpconnaborts", "TCPAbortOnTimeout", "timeout"]],
  ["TcpExtTCPAbortOnLinger", ["ip.tcpconnaborts", "TCPAbortOnLinger", "linger"]],
  ["TcpExtTCPAbortFailed", ["ip.tcpconnaborts", "TCPAbortFailed", "failed"]],
  ["TcpExtTCPTSReorder", ["ip.tcpreorders", "TCPTSReorder", "timestamp"]],
  ["TcpExtTCPSACKReorder", ["ip.tcpreorders", "TCPSACKReorder", "sack"]],
  ["TcpExtTCPFACKReorder", ["ip.tcpreorders", "TCPFACKReorder", "fack"]],
  ["TcpExtTCPRenoReorder", ["ip.tcpreorders", "TCPRenoReorder", "reno"]],
  ["TcpExtTCPOFOQueue", ["ip.tcpofo", "TCPOFOQueue", "inqueue"]],
  ["TcpExtTCPOFODrop", ["ip.tcpofo", "TCPOFODrop", "dropped"]],
  ["TcpExtTCPOFOMerge", ["ip.tcpofo", "TCPOFOMerge", "merged"]],
  ["TcpExtOfoPruned", ["ip.tcpofo", "OfoPruned", "pruned"]],
  ["IpOutNoRoutes", ["ipv4.errors", "OutNoRoutes"]],
  ["IpInDiscards", ["ipv4.errors", "InDiscards"]],
  ["IpOutDiscards", ["ipv4.errors", "OutDiscards"]],
  ["IpExtInNoRoutes", ["ipv4.errors", "InNoRoutes"]],
  ["UdpRcvbufErrors", ["ipv4.udperrors", "RcvbufErrors"]],
  ["UdpSndbufErrors", ["ipv4.udperrors", "SndbufErrors"]],
]);

/** The fields of Tcp and TcpExt that cAdvisor exports, as a label in small letters. */
const CADVISOR: ReadonlySet<string> = new Set(
  `RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs
  RetransSegs InErrs OutRsts InCsumErrors EmbryonicRsts SyncookiesSent SyncookiesRecv SyncookiesFailed PruneCalled
  RcvPruned OfoPruned OutOfWindowIcmps LockDroppedIcmps TW TWRecycled TWKilled TCPTimeWaitOverflow TCPTimeouts
  TCPSpuriousRTOs TCPLossProbes TCPLossProbeRecovery TCPRenoRecoveryFail TCPSackRecoveryFail TCPRenoFailures
  TCPSackFailures TCPLossFailures DelayedACKs DelayedACKLocked DelayedACKLost ListenOverflows ListenDrops TCPHPHits
  TCPPureAcks TCPHPAcks TCPRenoRecovery TCPSackRecovery TCPSACKReneging TCPFACKReorder TCPSACKReorder TCPRenoReorder
  TCPTSReorder TCPFullUndo TCPPartialUndo TCPDSACKUndo TCPLossUndo TCPFastRetrans TCPSlowStartRetrans
  TCPLostRetransmit TCPRetransFail TCPRcvCollapsed TCPDSACKOldSent TCPDSACKOfoSent TCPDSACKRecv TCPDSACKOfoRecv
  TCPAbortOnData TCPAbortOnClose TCPAbortOnMemory TCPAbortOnTimeout TCPAbortOnLinger TCPAbortFailed
  TCPMemoryPressures TCPMemoryPressuresChrono TCPSACKDiscard TCPDSACKIgnoredOld TCPDSACKIgnoredNoUndo TCPMD5NotFound
  TCPMD5Unexpected TCPMD5Failure TCPSackShifted TCPSackMerged TCPSackShiftFallback TCPBacklogDrop PFMemallocDrop
  TCPMinTTLDrop TCPDeferAcceptDrop IPReversePathFilter TCPReqQFullDoCookies TCPReqQFullDrop TCPFastOpenActive
  TCPFastOpenActiveFail TCPFastOpenPassive TCPFastOpenPassiveFail TCPFastOpenListenOverflow TCPFastOpenCookieReqd
  TCPSynRetrans TCPOrigDataSent PAWSActive PAWSEstab`.split(/\s+/),
);

/** What node_exporter exports unless its --collector.netstat.fields says otherwise. */
const NODE_EXPORTER_DEFAULT =
  /^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$/;

/** Whether node_exporter exports the field without being told to. */
export function inNodeExporter(group: string, field: string): boolean {
  return NODE_EXPORTER_DEFAULT.test(`${group}_${field}`);
}

/**
 * The names of a field of /proc/net/snmp or /proc/net/netstat in other tools, each written as that tool writes it.
 *
 * @param increases a counter: Datadog sends those under a second name too, as counts.
 */
export function peerNames(group: string, field: string, increases: boolean): readonly string[] {
  const name = group + field;
  const names = [
    `node_netstat_${group}_${field}`,
    `nstat.${name}`,
    `protocols-${group}/protocol_counter-${field}`,
  ];
  const datadog = DATADOG.get(name);
  if (datadog !== undefined) names.push(`system.net.${datadog}`);
  if (datadog !== undefined && increases) names.push(`system.net.${datadog}.count`);
  const [chart, ...dimension] = NETDATA.get(name) ?? [];
  names.push(...dimension.map((called) => `${chart}.${called}`));
  if ((group === "Tcp" || group === "TcpExt") && CADVISOR.has(field)) {
    names.push(`container_network_advance_tcp_stats_total{tcp_state="${field.toLowerCase()}"}`);
  }
  return names;
}

/** The Netdata chart that shows the field, which is no name of the field unless it shows no other; null without one. */
export function netdataChart(name: string): string | null {
  return NETDATA.get(name)?.[0] ?? null;
}
