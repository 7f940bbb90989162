import { type Db, inTransaction, type PrismaClient } from "../client.ts";
import type { HourRow } from "../codec/hour.ts";
import { storeFault } from "../errors.ts";
import { HOUR_MS } from "../history/record.ts";
import { instant, within } from "../history/sources.ts";
import { packHour, replaceHours, unpackHour } from "./hour-rows.ts";
import { readLate } from "./raw-rows.ts";

/** Namespaces merged under one hold of the hour's lock, for which writers of late snapshots wait. */
const NAMESPACES_PER_MERGE = 8;
const LOCK_TIMEOUT = "2s";

/** `busy`: late snapshots are arriving; `done`: how many were merged, and whether there are more. */
export type MergeOutcome =
  | { readonly kind: "busy" | "over" }
  | { readonly kind: "done"; readonly snapshots: number; readonly more: boolean };

/**
 * Folds late snapshots of some namespaces into their compacted hour, and deletes exactly those that it read, in
 * one transaction. Safe to run twice, at once, or to die half-way.
 */
export async function mergeLate(db: PrismaClient, hour: number): Promise<MergeOutcome> {
  try {
    return await inTransaction(db, (tx) => merge(tx, hour));
  } catch (error) {
    if (storeFault(error) === "conflict") return { kind: "busy" };
    throw error;
  }
}

async function merge(tx: Db, hour: number): Promise<MergeOutcome> {
  await tx.$queryRaw`SELECT set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
  const [state] = await tx.$queryRaw<{ compacted: boolean }[]>`
    SELECT compacted_at IS NOT NULL AS compacted FROM ts.compacted_hour WHERE hour = ${instant(hour)} FOR UPDATE`;
  if (state?.compacted !== true) return { kind: "over" };

  const found = await tx.$queryRaw<{ shard: number; id: number }[]>`
    SELECT DISTINCT s.shard, s.namespace_id AS id FROM ts.snapshot_late s
    WHERE ${within({ from: hour, to: hour + HOUR_MS })}
    ORDER BY s.shard, s.namespace_id LIMIT ${NAMESPACES_PER_MERGE + 1}`;
  const taken = found.slice(0, NAMESPACES_PER_MERGE);
  let snapshots = 0;
  for (const shard of new Set(taken.map((one) => one.shard))) {
    const ids = taken.filter((one) => one.shard === shard).map((one) => one.id);
    snapshots += await mergeShard(tx, hour, shard, ids);
  }
  return { kind: "done", snapshots, more: found.length > taken.length };
}

async function mergeShard(tx: Db, hour: number, shard: number, ids: readonly number[]): Promise<number> {
  const late = await readLate(tx, shard, hour, ids);
  const packed = await tx.$queryRaw<{ id: number; data: Uint8Array }[]>`
    SELECT namespace_id AS id, data FROM ts.snapshot_hour
    WHERE shard = ${shard} AND hour = ${instant(hour)} AND namespace_id = ANY(${[...ids]}::int[])`;
  const before = new Map(packed.map(({ id, data }) => [id, unpackHour(data)]));
  const merged = late.map(({ namespaceId, rows }) =>
    packHour({ namespaceId, rows: inOne(before.get(namespaceId) ?? [], rows) }),
  );
  await replaceHours(tx, shard, hour, merged);
  const keys = late.flatMap(({ namespaceId, rows }) => rows.map(({ at }) => ({ namespaceId, at })));
  return tx.$executeRaw`
    DELETE FROM ts.snapshot_late s
    USING unnest(${keys.map((key) => key.namespaceId)}::int[], ${keys.map((key) => key.at)}::float8[])
      AS merged(namespace_id, at)
    WHERE s.shard = ${shard} AND s.namespace_id = merged.namespace_id
      AND s.at = to_timestamp(merged.at / 1000)::timestamptz(3) AND ${within({ from: hour, to: hour + HOUR_MS })}`;
}

/** By time, each once. */
function inOne(before: readonly HourRow[], late: readonly HourRow[]): HourRow[] {
  const rows = new Map([...late, ...before].map((row) => [row.at, row]));
  return [...rows.values()].sort((a, b) => a.at - b.at);
}
