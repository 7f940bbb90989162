/**
 * Units of the fields that have no entry of their own. A group counts one kind of thing, with the
 * exceptions named here.
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

const BY_NAME: ReadonlyMap<string, string> = new Map([
  ["IpForwarding", "setting"],
  ["IpDefaultTTL", "hops"],
  ["TcpRtoAlgorithm", "setting"],
  ["TcpRtoMin", "milliseconds"],
  ["TcpRtoMax", "milliseconds"],
  ["TcpMaxConn", "connections"],
  ["TcpExtSyncookiesSent", "SYN cookies"],
  ["TcpExtSyncookiesRecv", "SYN cookies"],
  ["TcpExtSyncookiesFailed", "SYN cookies"],
  ["TcpExtTCPReqQFullDoCookies", "packets"],
  ["TcpExtTCPReqQFullDrop", "packets"],
  ["TcpExtTCPBacklogDrop", "packets"],
  ["TcpExtTCPDeferAcceptDrop", "packets"],
  ["TcpExtEmbryonicRsts", "connections"],
  ["TcpExtTCPTimeWaitOverflow", "connections"],
  ["TcpExtTCPSynRetrans", "segments"],
  ["TcpExtTCPMemoryPressuresChrono", "milliseconds"],
  ["MPTcpExtMPCurrEstab", "connections"],
  ["SockstatTCPMem", "pages"],
  ["SockstatUDPMem", "pages"],
  ["SockstatFRAGInuse", "packets"],
  ["SockstatFRAGMemory", "bytes"],
  ["Sockstat6FRAG6Inuse", "packets"],
  ["Sockstat6FRAG6Memory", "bytes"],
]);

/** What one step of the counter counts; "units" where the group is not known. */
export function counterUnit(name: string, group: string): string {
  if (group === "IpExt" && name.endsWith("Octets")) return "bytes";
  return BY_NAME.get(name) ?? BY_GROUP.get(group) ?? "units";
}
