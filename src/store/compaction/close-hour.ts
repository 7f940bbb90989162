import { setTimeout as pause } from "node:timers/promises";
import { type Db, inTransaction, type PrismaClient } from "../client.ts";
import { storeFault } from "../errors.ts";
import { HOUR_MS } from "../history/record.ts";
import { instant, within } from "../history/sources.ts";

/**
 * Dropping a partition locks the whole table, and whoever wants it meanwhile, ingest first of all, waits behind
 * this wait for those who are reading. So it is short, and tried again.
 */
const DROP_LOCK_TIMEOUT = "200ms";
const ATTEMPTS = 10;
const PAUSE_MS = 500;

/** `incomplete`: shards that are not staged, or not as they are; `busy`: somebody read all the while. */
export type CloseOutcome =
  | { readonly kind: "closed"; readonly lockedMs: number }
  | { readonly kind: "incomplete"; readonly shards: readonly number[] }
  | { readonly kind: "over" | "busy" };

/**
 * Closes a sealed hour: the partition goes, and readers find its snapshots in ts.snapshot_hour, in one
 * transaction. Safe to run twice, at once, or to die half-way.
 *
 * What is dropped was counted before, and held against what was staged of each shard. It needs no lock for
 * that: a sealed partition does not change. So the table is locked for as long as a DROP takes, whatever the
 * size of the hour.
 */
export async function closeHour(db: PrismaClient, hour: number): Promise<CloseOutcome> {
  const [state] = await db.$queryRaw<{ compacted: boolean }[]>`
    SELECT compacted_at IS NOT NULL AS compacted FROM ts.compacted_hour WHERE hour = ${instant(hour)}`;
  if (state === undefined || state.compacted) return { kind: "over" };
  const shards = await unequalShards(db, hour);
  if (shards.length > 0) {
    await db.$executeRaw`DELETE FROM ts.compaction WHERE hour = ${instant(hour)} AND shard = ANY(${shards}::int[])`;
    return { kind: "incomplete", shards };
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(db, (tx) => drop(tx, hour));
    } catch (error) {
      if (storeFault(error) !== "conflict") throw error;
      if (attempt === ATTEMPTS) return { kind: "busy" };
      await pause(PAUSE_MS);
    }
  }
}

async function drop(tx: Db, hour: number): Promise<CloseOutcome> {
  await tx.$queryRaw`SELECT set_config('lock_timeout', ${DROP_LOCK_TIMEOUT}, true)`;
  const [state] = await tx.$queryRaw<{ compacted: boolean }[]>`
    SELECT compacted_at IS NOT NULL AS compacted FROM ts.compacted_hour WHERE hour = ${instant(hour)} FOR UPDATE`;
  if (state === undefined || state.compacted) return { kind: "over" };
  // A stager that was at work when the shards were compared has replaced rows by the same rows, or is dead; one
  // whose rows are gone has deleted its entry with them.
  const before = performance.now();
  await tx.$queryRaw`SELECT ts.drop_sealed_hour(${instant(hour)})::text`;
  return { kind: "closed", lockedMs: performance.now() - before };
}

/** Shards whose snapshots are not as many as were staged, or as their staged rows say. */
async function unequalShards(db: Db, hour: number): Promise<number[]> {
  const rows = await db.$queryRaw<{ shard: number }[]>`
    SELECT coalesce(raw.shard, staged.shard, packed.shard) AS shard
    FROM (SELECT s.shard, count(*) AS snapshots FROM ts.snapshot s
          WHERE ${within({ from: hour, to: hour + HOUR_MS })} GROUP BY s.shard) raw
    FULL JOIN (SELECT c.shard, c.snapshots FROM ts.compaction c WHERE c.hour = ${instant(hour)}) staged
      ON staged.shard = raw.shard
    FULL JOIN (SELECT h.shard, sum(h.snapshots) AS snapshots FROM ts.snapshot_hour h
               WHERE h.hour = ${instant(hour)} GROUP BY h.shard) packed
      ON packed.shard = coalesce(raw.shard, staged.shard)
    WHERE (raw.snapshots IS DISTINCT FROM staged.snapshots OR raw.snapshots IS DISTINCT FROM packed.snapshots)
      -- Somebody else may have closed it since: then there is nothing left to compare.
      AND EXISTS (SELECT FROM ts.compacted_hour c WHERE c.hour = ${instant(hour)} AND c.compacted_at IS NULL)`;
  return rows.map((row) => row.shard);
}
