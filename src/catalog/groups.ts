/**
 * The groups of /proc/net/snmp, netstat, sockstat and sockstat6. A group whose name begins with the name of
 * another stands before it, so that the first that fits a full name is the right one.
 */
export const GROUPS = [
  "MPTcpExt",
  "TcpExt",
  "Tcp",
  "UdpLite",
  "Udp",
  "IcmpMsg",
  "Icmp",
  "IpExt",
  "Ip",
  "Sockstat6",
  "Sockstat",
] as const;

export type Group = (typeof GROUPS)[number];

/**
 * Cuts a full name into group and field: `TcpExtListenDrops` is TcpExt and ListenDrops. The group is
 * empty, and the field the whole name, when the name belongs to no known group. Fields begin with a
 * capital letter, by which `Ip6InReceives` is told from a field of Ip.
 */
export function splitCounterName(full: string): { readonly group: string; readonly field: string } {
  // The first that fits is the longest: TcpExt stands before Tcp.
  const group = GROUPS.find((known) => full.startsWith(known));
  if (group !== undefined) {
    const field = full.slice(group.length);
    if (/^[A-Z]/.test(field)) return { group, field };
  }
  return { group: "", field: full };
}
