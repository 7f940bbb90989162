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
}

/** An unsigned 64-bit integer: a JSON number up to 2^53-1, a decimal string above; null when absent. */
export type WireValue = number | string | null;
