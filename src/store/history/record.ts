import type { CounterValues } from "../../rates/values.ts";

export const HOUR_MS = 3_600_000;

/** A snapshot as it is stored; times in ms since 1970. */
export interface SnapshotRecord {
  readonly namespace_id: number;
  readonly at: number;
  readonly epoch_id: number;
  readonly uptime_ms: number;
  readonly every_ms: number;
  readonly flags: number;
  readonly layout_id: number;
  /** As `encodeValues` made them; decoded already where they come from a compacted hour. */
  readonly values: Uint8Array | CounterValues;
}

/** What was sampled of the listening sockets of a namespace up to a snapshot (src/store/codec/listeners.ts). */
export interface ListenersRecord {
  readonly namespace_id: number;
  readonly at: number;
  readonly listeners: Uint8Array;
}

/** Whose snapshots: all of a shard's namespaces (but for some), or these. */
export type Whose =
  | { readonly shard: number; readonly except?: readonly number[] }
  | { readonly namespaceIds: readonly number[] };

/** from <= at < to, in ms since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A snapshot whose predecessor or successor is asked for. */
export interface Lookup {
  readonly namespaceId: number;
  readonly at: number;
  readonly epochId: number;
}

export function lookupOf(record: SnapshotRecord): Lookup {
  return { namespaceId: record.namespace_id, at: Math.round(record.at), epochId: record.epoch_id };
}
