import type { Db } from "../client.ts";

/** First key of the advisory locks that rollup workers take; the second is the shard. */
const LOCK_CLASS = 0x5350_0001;

/** Takes the shard's lock for the transaction; false when another worker holds it. */
export async function lockShard(tx: Db, shard: number): Promise<boolean> {
  const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(${LOCK_CLASS}::int, ${shard}::int) AS taken`;
  return lock?.taken === true;
}

/** Shards that have marks. */
export async function markedShards(db: Db): Promise<number[]> {
  // The primary key leads with the shard: each step jumps to the next one instead of reading all marks.
  const rows = await db.$queryRaw<{ shard: number }[]>`
    WITH RECURSIVE marked AS (
      (SELECT shard FROM ts.mark ORDER BY shard LIMIT 1)
      UNION ALL
      SELECT (SELECT m.shard FROM ts.mark m WHERE m.shard > marked.shard ORDER BY m.shard LIMIT 1)
      FROM marked WHERE marked.shard IS NOT NULL
    )
    SELECT shard FROM marked WHERE shard IS NOT NULL`;
  return rows.map((row) => row.shard);
}

/**
 * Moves a shard's `settled` up to the oldest minute that has marks, or else to the minute that is not over; never
 * back. Call it last in the transaction that rolled up.
 *
 * A minute before it was over and had no mark: all that was committed of it by then is in the rollups. What comes
 * later still mends them.
 */
export async function settle(tx: Db, shard: number, openFrom: number): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO ts.shard AS s (shard, settled)
    SELECT ${shard}, least(to_timestamp(${openFrom / 1000}::float8), min(minute)) FROM ts.mark WHERE shard = ${shard}
    ON CONFLICT (shard) DO UPDATE SET settled = excluded.settled WHERE s.settled < excluded.settled`;
}

/** Up to where shards are settled, in ms since 1970; one that was never rolled up is not in it. */
export async function readSettled(db: Db, shards: readonly number[]): Promise<Map<number, number>> {
  const rows = await db.$queryRaw<{ shard: number; settled: number }[]>`
    SELECT shard, date_part('epoch', settled) * 1000 AS settled FROM ts.shard
    WHERE shard = ANY(${[...shards]}::int[])`;
  return new Map(rows.map(({ shard, settled }) => [shard, Math.round(settled)]));
}

/**
 * Up to where the rollups of these namespaces say everything, in ms since 1970: their shards are settled, and no late
 * snapshot of theirs waits to be rolled up before it. Of a shard that was never rolled up all marks are left, so that
 * nothing lies before its first. Infinity where there is no bound. Ask this first, then read the rollups.
 */
export async function rolledUpTo(db: Db, namespaceIds: readonly number[]): Promise<number> {
  const ids = [...namespaceIds];
  const shards = [...new Set(ids.map((id) => id >> 8))];
  // A late snapshot changes its own increase and that of the one after it: both are of its namespace.
  const [row] = await db.$queryRaw<{ upTo: number | null }[]>`
    SELECT date_part('epoch', min(least(s.settled, (
      SELECT min(m.minute) FROM ts.mark m
      WHERE m.shard = wanted.shard AND (m.namespaces IS NULL OR m.namespaces && ${ids}::int[])
    )))) * 1000 AS "upTo"
    FROM unnest(${shards}::int[]) AS wanted(shard) LEFT JOIN ts.shard s ON s.shard = wanted.shard`;
  return row?.upTo == null ? Number.POSITIVE_INFINITY : Math.round(row.upTo);
}

/**
 * Whether all that was committed of a span is in the rollups: each of the shards is settled to its end, or has no
 * mark in it. A shard that catches up with older minutes is not waited for.
 *
 * @param from whole minutes, ms since 1970, as is `to`
 */
export async function isRolledUp(
  db: Db,
  shards: readonly number[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<boolean> {
  const [row] = await db.$queryRaw<{ waiting: boolean }[]>`
    SELECT EXISTS (
      SELECT FROM unnest(${[...shards]}::int[]) AS wanted(shard)
      LEFT JOIN ts.shard s ON s.shard = wanted.shard
      WHERE (s.settled IS NULL OR s.settled < to_timestamp(${to / 1000}::float8))
        AND EXISTS (SELECT FROM ts.mark m WHERE m.shard = wanted.shard
                      AND m.minute >= to_timestamp(${from / 1000}::float8)
                      AND m.minute < to_timestamp(${to / 1000}::float8))
    ) AS waiting`;
  return row?.waiting === false;
}
