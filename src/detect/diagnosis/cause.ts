/** What can be behind it, in the order in which causes are tried: the first that fits is named, later ones contribute. */
export const CAUSES = [
  "DATA_PROBLEM",
  "HOST_SILENT",
  "RESTART",
  "SERVICE_DOWN",
  "APPLICATION_STALLED",
  "APPLICATION_SLOW",
  "ACCEPT_QUEUE_TOO_SMALL",
  "SYN_FLOOD",
  "SYN_QUEUE_FULL",
  "MEMORY_PRESSURE",
  "UPSTREAM_REFUSING",
  "UPSTREAM_UNREACHABLE",
  "INBOUND_SCAN",
  "CLIENT_ABORTS",
  "LOCAL_ABORTS",
  "PATH_LOSS",
  "PORT_EXHAUSTION",
  "CONNECTION_LEAK",
  "OTHER_LISTEN_DROPS",
  "SLO_BURN",
  "UNKNOWN",
] as const;

export type Cause = (typeof CAUSES)[number];

/** How bad it is for clients, the mildest first. */
export const SEVERITIES = ["INFO", "MINOR", "MAJOR", "CRITICAL"] as const;

export type Severity = (typeof SEVERITIES)[number];

export function worse(a: Severity, b: Severity): Severity {
  return SEVERITIES.indexOf(a) >= SEVERITIES.indexOf(b) ? a : b;
}

export function milder(a: Severity, b: Severity): Severity {
  return worse(a, b) === a ? b : a;
}
