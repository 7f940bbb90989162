import { Prisma } from "../generated/prisma/client.ts";
import { byteStrings, numbers } from "./array-literal.ts";
import { type Db, inTransaction, type PrismaClient } from "./client.ts";
import { bytesOf } from "./codec/values.ts";
import { HOUR_MS, type SnapshotRecord } from "./history/record.ts";
import { keyOf, readStored } from "./history/stored.ts";

/** One snapshot as a row of ts.snapshot. */
export interface SnapshotRow {
  readonly namespaceId: number;
  /** ms since 1970 */
  readonly at: number;
  readonly epochId: number;
  readonly uptimeMs: number;
  readonly everyMs: number;
  readonly flags: number;
  readonly layoutId: number;
  readonly values: Buffer;
  /** What src/store/codec/listeners.ts encodes; null where none were seen. */
  readonly listeners: Buffer | null;
}

/** Bit 0 of `flags`: the namespace's counters are known to have begun at 0. */
export const FLAG_FROM_ZERO = 1;

/** What became of a row: new, the same as one stored before, or at odds with it. */
export type AppendOutcome = "stored" | "duplicate" | "conflict";

/** The block of 256 namespaces that one belongs to. */
export function shardOf(namespaceId: number): number {
  return namespaceId >> 8;
}

/**
 * Appends snapshots of hours that are not sealed, and a mark for each minute of a shard that gained one: one
 * statement, so both are committed or neither. A snapshot that is there already is left as it is, so a push
 * that is retried changes nothing.
 *
 * @returns one outcome for each row, in the order given
 * @throws what the driver throws; nothing is stored then. The fault of a row whose hour is sealed is "sealed"
 */
export async function appendSnapshots(db: Db, rows: readonly SnapshotRow[]): Promise<AppendOutcome[]> {
  const outcomes: AppendOutcome[] = new Array(rows.length);
  await insertThenJudge(db, Prisma.sql`ts.snapshot`, rows, outcomes);
  return outcomes;
}

/**
 * Appends snapshots of sealed hours, with their marks. They lie apart until a job merges them; a reader sees no
 * difference. What an hour has already, in whatever place, is told from what is new under the hour's lock, which
 * keeps the merger from moving a row between the look and the insert.
 *
 * @returns and throws as appendSnapshots
 */
export function appendLateSnapshots(
  db: PrismaClient,
  rows: readonly SnapshotRow[],
): Promise<AppendOutcome[]> {
  return inTransaction(db, async (tx) => {
    const hours = [...new Set(rows.map((row) => Math.floor(row.at / HOUR_MS) * HOUR_MS))];
    await tx.$queryRaw`
      SELECT hour FROM ts.compacted_hour
      WHERE hour = ANY(${hours.map((hour) => new Date(hour).toISOString())}::text[]::timestamptz[])
      ORDER BY hour FOR SHARE`;
    const outcomes: AppendOutcome[] = new Array(rows.length);
    const stored = await readStored(tx, rows);
    rows.forEach((row, index) => {
      const there = stored.get(keyOf(row));
      if (there !== undefined) outcomes[index] = judge(row, there);
    });
    await insertThenJudge(tx, Prisma.sql`ts.snapshot_late`, rows, outcomes);
    return outcomes;
  });
}

/** Inserts the rows that have no outcome yet, and gives them one. */
async function insertThenJudge(
  db: Db,
  table: Prisma.Sql,
  rows: readonly SnapshotRow[],
  outcomes: AppendOutcome[],
): Promise<void> {
  const offered = rows.filter((_, index) => outcomes[index] === undefined);
  if (offered.length === 0) return;
  const fresh = await insert(db, table, offered);
  // Of rows with one key the first was inserted, or none; the others are held against what is stored.
  rows.forEach((row, index) => {
    if (outcomes[index] === undefined && fresh.delete(keyOf(row))) outcomes[index] = "stored";
  });
  const known = rows.filter((_, index) => outcomes[index] === undefined);
  const stored = await readStored(db, known);
  rows.forEach((row, index) => {
    outcomes[index] ??= judge(row, stored.get(keyOf(row)));
  });
}

/**
 * Rows are sorted by key: two writers that insert the same rows in different order would deadlock. What was
 * new is counted by RETURNING; on a distributed table the command tag counts what was offered.
 *
 * @returns the keys of the rows that were new
 */
async function insert(db: Db, table: Prisma.Sql, rows: readonly SnapshotRow[]): Promise<Set<string>> {
  const [inserted] = await db.$queryRaw<{ count: number; keys: string | null }[]>`
    WITH inserted AS (
      INSERT INTO ${table}
        (shard, namespace_id, at, epoch_id, uptime_ms, every_ms, flags, layout_id, "values", listeners)
      SELECT namespace_id >> 8, namespace_id, to_timestamp(at / 1000), epoch_id, uptime_ms, every_ms, flags,
             layout_id, "values", listeners
      FROM unnest(
        ${numbers(rows.map((row) => row.namespaceId))}::int[], ${numbers(rows.map((row) => row.at))}::float8[],
        ${numbers(rows.map((row) => row.epochId))}::int[], ${numbers(rows.map((row) => row.uptimeMs))}::bigint[],
        ${numbers(rows.map((row) => row.everyMs))}::int[], ${numbers(rows.map((row) => row.flags))}::smallint[],
        ${numbers(rows.map((row) => row.layoutId))}::int[], ${byteStrings(rows.map((row) => row.values))}::bytea[],
        ${byteStrings(rows.map((row) => row.listeners))}::bytea[]
      ) WITH ORDINALITY
        AS row(namespace_id, at, epoch_id, uptime_ms, every_ms, flags, layout_id, "values", listeners, place)
      ORDER BY namespace_id, at, place
      ON CONFLICT DO NOTHING
      RETURNING shard, namespace_id, at
    ), marked AS (
      INSERT INTO ts.mark (shard, minute, namespaces)
      SELECT shard, date_trunc('minute', at), array_agg(DISTINCT namespace_id) FROM inserted GROUP BY 1, 2
    )
    SELECT count(*)::int AS count,
           CASE WHEN count(*) < ${rows.length}::int
             THEN string_agg(namespace_id || ' ' || (date_part('epoch', at) * 1000)::bigint, ',') END AS keys
    FROM inserted`;
  // Nearly always all were new: then their keys are known here.
  if (inserted?.count === rows.length) return new Set(rows.map(keyOf));
  return new Set(inserted?.keys?.split(","));
}

function judge(row: SnapshotRow, there: SnapshotRecord | undefined): AppendOutcome {
  const same =
    there !== undefined &&
    there.epoch_id === row.epochId &&
    there.uptime_ms === row.uptimeMs &&
    there.layout_id === row.layoutId &&
    Buffer.compare(bytesOf(there.values), row.values) === 0;
  return same ? "duplicate" : "conflict";
}
