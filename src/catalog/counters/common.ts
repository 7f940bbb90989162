/** What the documented counters have in common. */

/** Kernel counters belong to a network namespace, which is neither a host nor a process. */
export const PER_NAMESPACE =
  "The kernel counts per network namespace: the host's own number leaves out every container that has a " +
  "network of its own, and a recreated container starts again from 0.";

/** Why a drop count is not a count of clients. */
export const PACKETS_NOT_CLIENTS =
  "It counts packets, not clients. A client that waits sends its SYN again: 7 times in 10 s on current " +
  "kernels (since about 6.5), 4 times on older ones. 14 clients waiting on a stopped application made it " +
  "rise by 98 in 9.5 s.";

/** The default filter of node_exporter names the fields it exports, and these are not among them. */
export const NOT_IN_NODE_EXPORTER =
  "By default node_exporter does not export it, so a Prometheus dashboard without it says nothing about it; the " +
  "filter of its netstat collector can be widened.";

/**
 * The names under which other tools export one field. Most derive it from the kernel's own name;
 * Datadog chooses its names, and Netdata puts several fields in one chart, as dimensions.
 */
export function peerNames(
  group: string,
  field: string,
  chosen: { readonly datadog: string; readonly netdataChart?: string },
): readonly string[] {
  const names = [
    `node_netstat_${group}_${field}`,
    `system.net.tcp.${chosen.datadog}`,
    `nstat.${group}${field}`,
    `protocols-${group}/protocol_counter-${field}`,
    `container_network_advance_tcp_stats_total{tcp_state="${field.toLowerCase()}"}`,
  ];
  return chosen.netdataChart === undefined ? names : [...names, `${chosen.netdataChart}.${field}`];
}
