import { type Db, inTransaction, type PrismaClient } from "../client.ts";
import { inParts } from "../history/parts.ts";
import { instant } from "../history/sources.ts";
import { packHour, replaceHours } from "./hour-rows.ts";
import { countRaw, readRaw } from "./raw-rows.ts";

/** First key of the advisory locks that stagers take; the second is the shard. */
const LOCK_CLASS = 0x5350_0002;
/** Snapshots read at once: what is held in memory, and how long other work waits for this one. */
const SNAPSHOTS_PER_READ = 2_000;
const TIMEOUT_MS = 10 * 60_000;

/** `busy`: another worker is at this shard; `over`: the hour is compacted already, or not sealed. */
export type StageOutcome =
  | { readonly kind: "busy" | "over" }
  | { readonly kind: "staged"; readonly snapshots: number; readonly bytes: number };

/**
 * Stages a shard of a sealed hour: packs the snapshots of each of its namespaces into one row, each row unpacked
 * again and compared. No reader looks at them before the hour as a whole is compacted.
 *
 * Safe to run twice, at once, or to die half-way: one transaction replaces whatever was staged before.
 */
export function stageShard(db: PrismaClient, hour: number, shard: number): Promise<StageOutcome> {
  return inTransaction(db, (tx) => stage(tx, hour, shard), TIMEOUT_MS);
}

async function stage(tx: Db, hour: number, shard: number): Promise<StageOutcome> {
  const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(${LOCK_CLASS}::int, ${shard}::int) AS taken`;
  if (lock?.taken !== true) return { kind: "busy" };
  // Held until the end, so that the hour is not closed meanwhile: its snapshots would be gone.
  const [sealed] = await tx.$queryRaw<{ compacted: boolean }[]>`
    SELECT compacted_at IS NOT NULL AS compacted FROM ts.compacted_hour WHERE hour = ${instant(hour)} FOR SHARE`;
  if (sealed === undefined || sealed.compacted) return { kind: "over" };

  await tx.$executeRaw`DELETE FROM ts.snapshot_hour WHERE shard = ${shard} AND hour = ${instant(hour)}`;
  await tx.$executeRaw`DELETE FROM ts.compaction WHERE shard = ${shard} AND hour = ${instant(hour)}`;
  let snapshots = 0;
  let bytes = 0;
  for (const namespaceIds of inParts(await countRaw(tx, shard, hour), SNAPSHOTS_PER_READ)) {
    const packed = (await readRaw(tx, shard, hour, namespaceIds)).map(packHour);
    await replaceHours(tx, shard, hour, packed);
    for (const one of packed) {
      snapshots += one.snapshots;
      bytes += one.data.length;
    }
  }
  await tx.$executeRaw`
    INSERT INTO ts.compaction (hour, shard, snapshots) VALUES (${instant(hour)}, ${shard}, ${snapshots})`;
  return { kind: "staged", snapshots, bytes };
}
