import { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import type { Lookup, SnapshotRecord } from "./record.ts";
import { HOUR, hoursWithin, SNAPSHOT, type SourceRow, snapshotsIn, within } from "./sources.ts";
import { Unpacking } from "./unpacking.ts";
import { widening } from "./widening.ts";

/** The predecessor found, and the epoch it was wanted for. */
export type Predecessor = SnapshotRecord & { readonly wanted_epoch: number };

/**
 * For each lookup the newest snapshot before it within `withinMs`: of the same epoch where `sameEpoch`, else of any.
 *
 * @param emptyMs within so long there is known to be none
 * @throws UnreadableError
 */
export async function readPredecessors(
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
  sameEpoch: boolean,
  emptyMs?: number,
): Promise<Predecessor[]> {
  const all: Predecessor[] = [];
  const lookWithin = async (wanted: readonly Lookup[], reachMs: number) => {
    const found = await look(db, wanted, reachMs, sameEpoch);
    all.push(...found.values());
    return wanted.filter((one) => !found.has(`${one.namespaceId} ${one.epochId} ${one.at}`));
  };
  await widening(lookups, withinMs, lookWithin, emptyMs);
  return all;
}

type FoundRow = SourceRow & { readonly wanted_epoch: number; readonly wanted_at: number };

/** By what was wanted. */
async function look(
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
  sameEpoch: boolean,
): Promise<Map<string, Predecessor>> {
  const times = lookups.map((one) => one.at);
  const span = { from: Math.max(0, Math.min(...times) - withinMs), to: Math.max(...times) };
  const before = Prisma.sql`
    s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id AND ${within(span)}
    AND s.at < to_timestamp(wanted.at / 1000)::timestamptz(3)
    AND s.at >= to_timestamp((wanted.at - ${withinMs}::float8) / 1000)::timestamptz(3)
    AND (NOT ${sameEpoch}::boolean OR s.epoch_id = wanted.epoch_id)`;
  // Of a namespace's hours that begin before the snapshot the last has one before it, of whatever epoch. Of the
  // hours that know its epoch the last may know it only from later on: then the one before that has one.
  const hours = sameEpoch ? 2 : 1;
  const rows = await db.$queryRaw<FoundRow[]>`
    SELECT wanted.epoch_id AS wanted_epoch, wanted.at AS wanted_at, p.*
    FROM unnest(${lookups.map((one) => one.namespaceId)}::int[], ${times}::float8[],
                ${lookups.map((one) => one.epochId)}::int[]) AS wanted(namespace_id, at, epoch_id)
    CROSS JOIN LATERAL (
      (SELECT ${SNAPSHOT} FROM ts.snapshot s WHERE ${before} ORDER BY s.at DESC LIMIT 1)
      UNION ALL
      (SELECT ${SNAPSHOT} FROM ts.snapshot_late s WHERE ${before} ORDER BY s.at DESC LIMIT 1)
      UNION ALL
      (SELECT ${HOUR} FROM ts.snapshot_hour h
       WHERE h.shard = wanted.namespace_id >> 8 AND h.namespace_id = wanted.namespace_id AND ${hoursWithin(span)}
         AND h.first_at < to_timestamp(wanted.at / 1000)::timestamptz(3)
         AND h.last_at >= to_timestamp((wanted.at - ${withinMs}::float8) / 1000)::timestamptz(3)
         AND (NOT ${sameEpoch}::boolean OR h.epochs @> ARRAY[wanted.epoch_id])
       ORDER BY h.hour DESC LIMIT ${hours})
    ) p`;

  const newest = new Map<string, Predecessor>();
  const unpacking = new Unpacking();
  for (const { wanted_epoch, wanted_at, ...row } of rows) {
    const key = `${row.namespace_id} ${wanted_epoch} ${wanted_at}`;
    const best = newest.get(key);
    const found = (await snapshotsIn(row, unpacking)).findLast(
      ({ at, epoch_id }) =>
        at < wanted_at && at >= wanted_at - withinMs && (!sameEpoch || epoch_id === wanted_epoch),
    );
    if (found !== undefined && (best === undefined || found.at > best.at)) {
      newest.set(key, { ...found, wanted_epoch });
    }
  }
  unpacking.end();
  return newest;
}
