/**
 * What an agent sends: `POST /v1/snapshots`, a JSON body, optionally gzipped, with
 * `Authorization: Bearer <ingest token>`. docs/protocol.md describes every field with a real message.
 */
import type { PROTOCOL_VERSION } from "./version.ts";

/** One push: a list of host sections. An agent sends one for each epoch it has unsent snapshots of; a relay may send many. */
export interface Push {
  readonly protocol: typeof PROTOCOL_VERSION;
  readonly agent: {
    readonly version: string;
    /** The host's own wall clock at sending, in ms since 1970. Only its skew is shown; no snapshot is dated by it. */
    readonly clock: number;
  };
  readonly hosts: readonly HostSection[];
}

/** The snapshots of one host within one epoch. */
export interface HostSection {
  /** Random, made at the agent's first start and kept in its state folder. Not the machine id. */
  readonly id: string;
  /** Random, made together with the id; bound to it by the service at first sight. */
  readonly key: string;
  /** For display; may repeat and may change. */
  readonly name: string;
  /** SHA-256 of /etc/machine-id in hex: links a reinstalled agent to its machine, and shows clones. */
  readonly machineId?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly epoch: WireEpoch;
  /** Names of the layouts that the service has not acknowledged yet, by their hash. */
  readonly layouts?: Readonly<Record<string, readonly string[]>>;
  /** Network namespaces other than the root, which needs no entry. */
  readonly namespaces?: readonly WireNamespace[];
  readonly snapshots: readonly WireSnapshot[];
  /** What the agent can see on this host and what it cannot; with the first push of a run and when it has changed. */
  readonly capabilities?: readonly WireCapability[];
  /** The agent ends: `leaving` for good (shutdown of the host, removal, scale-in), `restarting` for a moment. */
  readonly goodbye?: "leaving" | "restarting";
  /** How the agent itself is doing. */
  readonly health?: WireHealth;
}

/** Something that an agent sees on some hosts and not on others. */
export interface WireCapability {
  /** A stable word: `listeners.limits`, `namespaces`, `collector.sockstat` ... */
  readonly name: string;
  readonly available: boolean;
  /** Why not, and how to let it; a sentence. Absent when available. */
  readonly reason?: string;
}

/** The agent's own cost and backlog, since its start. */
export interface WireHealth {
  /** CPU time of the newest cycle (collect, encode, push), in ms; children apart. */
  readonly cycleCpuMs: number;
  readonly childCpuMs: number;
  readonly rssBytes: number;
  /** Snapshots that wait to be sent, and the age of the oldest in ms. */
  readonly spoolDepth: number;
  readonly spoolAgeMs: number;
  /** Snapshots given up, by reason: the fault codes of answers, `spool_full`, `disk_full` ... */
  readonly dropped: Readonly<Record<string, number>>;
}

/** A stretch of one boot in which the agent's time runs unbroken; named by (boot, number). */
export interface WireEpoch {
  /** /proc/sys/kernel/random/boot_id */
  readonly boot: string;
  /** 0 for the first epoch of a boot, then counted up. */
  readonly number: number;
  /** `uname -r` */
  readonly kernel: string;
  /** `uname -m` */
  readonly arch: string;
  /** Width of the kernel's `unsigned long` in bits: where its counters wrap. */
  readonly wordSize: 32 | 64;
}

/** A network namespace that is not the host's root. */
export interface WireNamespace {
  readonly kind: "container" | "other";
  /** Inode of /proc/<pid>/net/netstat: equal for all processes of one namespace. A decimal string. */
  readonly inode: string;
  /** Start time of its oldest process when first seen, in ms of uptime: tells two namespaces with a reused inode apart. */
  readonly birth: number;
  readonly containerId?: string;
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** All counters of one namespace, read at one moment. */
export interface WireSnapshot {
  /** When it was read, in ms since 1970 on the service's clock; strictly increasing within an epoch and namespace. */
  readonly at: number;
  /** Uptime of the boot when it was read, in ms; rates divide by its differences. */
  readonly uptimeMs: number;
  /** The interval between the agent's snapshots when this one was read, in ms. */
  readonly everyMs: number;
  /** Index into `namespaces`; absent for the root. */
  readonly namespace?: number;
  /** The namespace was born after the previous scan of the same agent run: its counters began at 0 unseen. */
  readonly fromZero?: boolean;
  /** Hash of the layout that names the values. */
  readonly layout: string;
  /** One value for each name of the layout, in its order; null where the kernel has none. */
  readonly values: readonly WireValue[];
  /**
   * Settings of the namespace by their sysctl names (`net.core.somaxconn`): all that were read, with the first
   * snapshot of an agent run and whenever one has changed.
   */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Listening sockets, sampled since the previous snapshot of the namespace; absent where none could be seen. */
  readonly listeners?: WireListeners;
}

/** What was seen of the listening sockets of a namespace between two snapshots. */
export interface WireListeners {
  /** `ss`: queue, limit and drops; `proc`: the queue alone, from /proc/net/tcp. */
  readonly source: "ss" | "proc";
  /** Samples taken; the counts below are of these. */
  readonly samples: number;
  /**
   * False: those that are not listed are as the lists before have them, back to the newest complete one, and had
   * no queue since. Absent or true: there is no other listener.
   */
  readonly complete?: boolean;
  readonly sockets: readonly WireListener[];
}

/** One LISTEN socket. With SO_REUSEPORT several share an address and port; the inode tells them apart. */
export interface WireListener {
  /** As ss prints it, without brackets or zone: `0.0.0.0`, `127.0.0.1`, `::`. */
  readonly address: string;
  readonly port: number;
  /** Inode of the socket, a decimal string. */
  readonly inode: string;
  /** Connections waiting to be accepted at the newest sample (Recv-Q). */
  readonly acceptQueue: number;
  /** The most that waited at any sample. */
  readonly peakQueue: number;
  /** The effective limit, min(backlog, somaxconn) (Send-Q): the kernel holds one more. Null when it cannot be seen. */
  readonly limit: number | null;
  /** The limit was inferred from a queue that stood still at its top, and not read. */
  readonly limitInferred?: boolean;
  /** Samples at which the queue was over its limit, so that the next connection is dropped. */
  readonly samplesFull: number;
  /** sk_drops at the newest sample, since the socket was made: a weight, not a count of refused connections. Null when it cannot be seen. */
  readonly drops: number | null;
  readonly uid?: number;
  readonly cgroup?: string;
  /** Name of the process that owns it, where it may be seen. */
  readonly owner?: string;
}

/** An unsigned 64-bit integer: a JSON number up to 2^53-1, a decimal string above; null when absent. */
export type WireValue = number | string | null;
