import { type Db, inTransaction, type PrismaClient } from "../client.ts";
import { storeFault } from "../errors.ts";
import { HOUR_MS } from "../history/record.ts";
import { instant } from "../history/sources.ts";

/** Sealing waits for those who use that one partition, and holds up nobody else. */
const SEAL_LOCK_TIMEOUT = "2s";

/** Hours that are still in ts.snapshot and ended by `before`, oldest first; ms since 1970. */
export async function hoursToCompact(db: Db, before: number): Promise<number[]> {
  const rows = await db.$queryRaw<{ hour: number }[]>`
    SELECT date_part('epoch', to_timestamp(right(c.relname, 10), 'YYYYMMDDHH24')) * 1000 AS hour
    FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'ts.snapshot'::regclass
    ORDER BY 1`;
  return rows.map((row) => Math.round(row.hour)).filter((hour) => hour + HOUR_MS <= before);
}

/**
 * Hours that are not sealed and have commits that are not rolled up: more of the same may be on its way, and would cost
 * more after the hour is sealed. ms since 1970.
 */
export async function hoursFilling(db: Db): Promise<ReadonlySet<number>> {
  const rows = await db.$queryRaw<{ hour: number }[]>`
    SELECT date_part('epoch', m.hour) * 1000 AS hour
    FROM (SELECT DISTINCT date_trunc('hour', minute) AS hour FROM ts.mark) m
    WHERE NOT EXISTS (SELECT FROM ts.compacted_hour c WHERE c.hour = m.hour)`;
  return new Set(rows.map((row) => Math.round(row.hour)));
}

/** Hours that were sealed long ago and are not compacted: something about them fails, each time. */
export async function stuckHours(db: Db): Promise<ReadonlySet<number>> {
  const rows = await db.$queryRaw<{ hour: number }[]>`
    SELECT date_part('epoch', hour) * 1000 AS hour FROM ts.compacted_hour
    WHERE compacted_at IS NULL AND sealed_at < CURRENT_TIMESTAMP - interval '30 minutes'`;
  return new Set(rows.map((row) => Math.round(row.hour)));
}

/**
 * Seals an hour: from here on its snapshots in ts.snapshot stay as they are. Safe to run twice.
 *
 * @returns false when somebody used the partition all the while: try again later
 */
export async function sealHour(db: PrismaClient, hour: number): Promise<boolean> {
  try {
    await inTransaction(db, async (tx) => {
      await tx.$queryRaw`SELECT set_config('lock_timeout', ${SEAL_LOCK_TIMEOUT}, true)`;
      await tx.$queryRaw`SELECT ts.seal_hour(${instant(hour)})::text`;
    });
    return true;
  } catch (error) {
    if (storeFault(error) === "conflict") return false;
    throw error;
  }
}

/** Shards that have snapshots of a sealed hour and no staged rows of it. */
export async function shardsToStage(db: Db, hour: number): Promise<number[]> {
  // The primary key leads with the shard: each step jumps to the next one instead of reading the hour.
  const rows = await db.$queryRaw<{ shard: number }[]>`
    WITH RECURSIVE own AS (
      (SELECT s.shard FROM ts.snapshot s WHERE s.at >= ${instant(hour)} AND s.at < ${instant(hour + HOUR_MS)}
       ORDER BY s.shard LIMIT 1)
      UNION ALL
      SELECT (SELECT s.shard FROM ts.snapshot s
              WHERE s.at >= ${instant(hour)} AND s.at < ${instant(hour + HOUR_MS)} AND s.shard > own.shard
              ORDER BY s.shard LIMIT 1)
      FROM own WHERE own.shard IS NOT NULL
    )
    SELECT shard FROM own WHERE shard IS NOT NULL
      AND NOT EXISTS (SELECT FROM ts.compaction c WHERE c.hour = ${instant(hour)} AND c.shard = own.shard)`;
  return rows.map((row) => row.shard);
}

/** Compacted hours that have late snapshots to be merged, oldest first. */
export async function hoursToMerge(db: Db): Promise<number[]> {
  const rows = await db.$queryRaw<{ hour: number }[]>`
    SELECT date_part('epoch', l.hour) * 1000 AS hour
    FROM (SELECT DISTINCT date_trunc('hour', at) AS hour FROM ts.snapshot_late) l
    JOIN ts.compacted_hour c ON c.hour = l.hour AND c.compacted_at IS NOT NULL
    ORDER BY 1`;
  return rows.map((row) => Math.round(row.hour));
}
