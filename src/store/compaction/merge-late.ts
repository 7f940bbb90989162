import { minuteOf } from "../../rates/minute.ts";
import { type Db, inTransaction, type PrismaClient } from "../client.ts";
import { DamagedHourError, type HourRow } from "../codec/hour.ts";
import { storeFault } from "../errors.ts";
import { HOUR_MS } from "../history/record.ts";
import { instant, within } from "../history/sources.ts";
import { type NamespaceHour, packHour, replaceHours, unpackHour } from "./hour-rows.ts";
import { readLate } from "./raw-rows.ts";

/** Namespaces merged under one hold of the hour's lock, for which writers of late snapshots wait. */
const NAMESPACES_PER_MERGE = 8;
const LOCK_TIMEOUT = "2s";

/**
 * `busy`: late snapshots are arriving; `done`: how many were merged, whether there are more, and the namespaces whose
 * compacted hour is damaged: their late snapshots stay where they are, and readers find them there.
 */
export type MergeOutcome =
  | { readonly kind: "busy" | "over" }
  | {
      readonly kind: "done";
      readonly snapshots: number;
      readonly more: boolean;
      readonly damaged: readonly number[];
    };

/**
 * Folds late snapshots of some namespaces into their compacted hour, and deletes exactly those that it read, in
 * one transaction. Safe to run twice, at once, or to die half-way.
 *
 * @param except namespaces that were found damaged
 */
export async function mergeLate(
  db: PrismaClient,
  hour: number,
  except: readonly number[] = [],
): Promise<MergeOutcome> {
  try {
    return await inTransaction(db, (tx) => merge(tx, hour, except));
  } catch (error) {
    if (storeFault(error) === "conflict") return { kind: "busy" };
    throw error;
  }
}

async function merge(tx: Db, hour: number, except: readonly number[]): Promise<MergeOutcome> {
  await tx.$queryRaw`SELECT set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
  const [state] = await tx.$queryRaw<{ compacted: boolean }[]>`
    SELECT compacted_at IS NOT NULL AS compacted FROM ts.compacted_hour WHERE hour = ${instant(hour)} FOR UPDATE`;
  if (state?.compacted !== true) return { kind: "over" };

  const found = await tx.$queryRaw<{ shard: number; id: number }[]>`
    SELECT DISTINCT s.shard, s.namespace_id AS id FROM ts.snapshot_late s
    WHERE ${within({ from: hour, to: hour + HOUR_MS })} AND s.namespace_id <> ALL(${[...except]}::int[])
    ORDER BY s.shard, s.namespace_id LIMIT ${NAMESPACES_PER_MERGE + 1}`;
  const taken = found.slice(0, NAMESPACES_PER_MERGE);
  let snapshots = 0;
  const damaged: number[] = [];
  for (const shard of new Set(taken.map((one) => one.shard))) {
    const ids = taken.filter((one) => one.shard === shard).map((one) => one.id);
    const before = await unpackHours(tx, hour, shard, ids);
    damaged.push(...ids.filter((id) => before.get(id) === null));
    snapshots += await mergeShard(tx, hour, shard, ids, before);
  }
  return { kind: "done", snapshots, more: found.length > taken.length, damaged };
}

/** By namespace; null of one whose hour is damaged. */
type UnpackedHours = ReadonlyMap<number, readonly HourRow[] | null>;

/** What there is of the hour. */
async function unpackHours(
  tx: Db,
  hour: number,
  shard: number,
  ids: readonly number[],
): Promise<UnpackedHours> {
  const packed = await tx.$queryRaw<{ id: number; data: Uint8Array }[]>`
    SELECT namespace_id AS id, data FROM ts.snapshot_hour
    WHERE shard = ${shard} AND hour = ${instant(hour)} AND namespace_id = ANY(${[...ids]}::int[])`;
  const unpacked = new Map<number, readonly HourRow[] | null>();
  for (const { id, data } of packed) unpacked.set(id, unpackOrNull(data));
  return unpacked;
}

function unpackOrNull(data: Uint8Array): HourRow[] | null {
  try {
    return unpackHour(data);
  } catch (error) {
    if (error instanceof DamagedHourError) return null;
    throw error;
  }
}

async function mergeShard(
  tx: Db,
  hour: number,
  shard: number,
  wanted: readonly number[],
  before: UnpackedHours,
): Promise<number> {
  const ids = wanted.filter((id) => before.get(id) !== null);
  const late = await readLate(tx, shard, hour, ids);
  if (late.length === 0) return 0;
  const merged = late.map(({ namespaceId, rows }) =>
    packHour({ namespaceId, rows: inOne(before.get(namespaceId) ?? [], rows) }),
  );
  await replaceHours(tx, shard, hour, merged);
  await markTwice(tx, shard, late, before);
  const keys = late.flatMap(({ namespaceId, rows }) => rows.map(({ at }) => ({ namespaceId, at })));
  return tx.$executeRaw`
    DELETE FROM ts.snapshot_late s
    USING unnest(${keys.map((key) => key.namespaceId)}::int[], ${keys.map((key) => key.at)}::float8[])
      AS merged(namespace_id, at)
    WHERE s.shard = ${shard} AND s.namespace_id = merged.namespace_id
      AND s.at = to_timestamp(merged.at / 1000)::timestamptz(3) AND ${within({ from: hour, to: hour + HOUR_MS })}`;
}

/**
 * Marks minutes that have had a snapshot in two places: what came again while the hour was damaged, and could not be
 * told from what is new. They may have been rolled up with both.
 */
async function markTwice(
  tx: Db,
  shard: number,
  late: readonly NamespaceHour[],
  before: UnpackedHours,
): Promise<void> {
  for (const { namespaceId, rows } of late) {
    const there = new Set(before.get(namespaceId)?.map(({ at }) => at));
    const minutes = new Set(rows.filter(({ at }) => there.has(at)).map(({ at }) => minuteOf(at)));
    if (minutes.size === 0) continue;
    await tx.$executeRaw`
      INSERT INTO ts.mark (shard, minute, namespaces)
      SELECT ${shard}, to_timestamp(minute / 1000), ARRAY[${namespaceId}::int] FROM unnest(${[...minutes]}::float8[]) AS minute`;
  }
}

/** By time, each once. */
function inOne(before: readonly HourRow[], late: readonly HourRow[]): HourRow[] {
  const rows = new Map([...late, ...before].map((row) => [row.at, row]));
  return [...rows.values()].sort((a, b) => a.at - b.at);
}
