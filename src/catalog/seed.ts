/** The seven counters that the service is about, in the order in which it shows them. */
export const SEED_COUNTERS: readonly string[] = [
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpAttemptFails",
  "TcpActiveOpens",
  "TcpPassiveOpens",
  "TcpCurrEstab",
  "TcpEstabResets",
];
