/** The bounds of a push. An agent stays inside them; the service refuses what lies outside, by name. */
export const LIMITS = {
  /** Bytes of the request body as sent, compressed or not. */
  bodyBytes: 1024 * 1024,
  /** Bytes of the body once decompressed. */
  decodedBytes: 8 * 1024 * 1024,
  hostsPerPush: 1_000,
  snapshotsPerPush: 5_000,
  namespacesPerHost: 1_000,
  layoutsPerHost: 32,
  /** Counters in one layout; current kernels print about 330 in /proc/net/snmp and /proc/net/netstat. */
  countersPerLayout: 2_048,
  counterNameLength: 100,
  hostNameLength: 253,
  kernelLength: 200,
  archLength: 50,
  /** Largest epoch number of a boot. */
  epochNumber: 1_000_000,
  labels: 64,
  labelNameLength: 100,
  labelValueLength: 500,
  capabilities: 200,
  sysctls: 100,
  listenersPerSnapshot: 2_000,
  /** Length of any other text: a reason, a sysctl's value, a cgroup's path. */
  textLength: 500,
  /** Shortest and longest interval between the snapshots of one agent. */
  everyMs: { min: 100, max: 3_600_000 },
  /** A snapshot may lie this far ahead of the service's clock. */
  futureMs: 5 * 60_000,
} as const;

/** What no text may hold, since Postgres cannot keep it: NUL, and half of a surrogate pair. */
export const UNSTORABLE = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Full counter names as nstat prints them: the group, then the field (`TcpExtListenOverflows`). */
export const COUNTER_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,99}$/;

/** Label names as Prometheus has them; names that begin with two underscores are reserved. */
export const LABEL_NAME = /^(?!__)[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/** A host id and a boot id: a UUID in lower case, as /proc/sys/kernel/random/boot_id prints it. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An agent's key: 32 random bytes in base64url, without padding. */
export const AGENT_KEY = /^[A-Za-z0-9_-]{43}$/;
