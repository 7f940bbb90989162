/** Caveats that several counters share. */

/** Kernel counters belong to a network namespace, which is neither a host nor a process. True of every one. */
export const PER_NAMESPACE =
  "The kernel counts per network namespace: the host's own number leaves out every container that has a " +
  "network of its own, and a recreated container starts again from 0.";

/** Of every counter that node_exporter's default filter leaves out. */
export const NOT_IN_NODE_EXPORTER =
  "By default node_exporter does not export it, so a Prometheus dashboard without it says nothing about it; the " +
  "filter of its netstat collector can be widened.";

/** Why a drop count is not a count of clients. */
export const PACKETS_NOT_CLIENTS =
  "It counts packets, not clients. A client that waits sends its SYN again and again: 7 in 10 s with the " +
  "first, on current kernels (since about 6.5), 4 on older ones. 14 clients waiting on a stopped application made it " +
  "rise by 98 in 9.5 s.";
