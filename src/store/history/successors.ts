import { Prisma } from "../../generated/prisma/client.ts";
import { PREDECESSOR_MAX_MS } from "../../rates/interval.ts";
import { minuteOf } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { decodeHourTimes } from "../codec/hour.ts";
import type { Lookup } from "./record.ts";
import { hoursWithin, within } from "./sources.ts";
import { Unpacking } from "./unpacking.ts";
import { widening } from "./widening.ts";

interface Wanted extends Lookup {
  readonly sameEpoch: boolean;
}

/**
 * Minutes of the snapshots that follow these, with their namespaces: the next of the same epoch, and the next of
 * any. Those that are later than PREDECESSOR_MAX_MS are not changed by what lies before.
 *
 * @param newest no snapshot is later than this: a look that has come so far goes no further
 * @throws UnreadableError
 */
export async function readSuccessorMinutes(
  db: Db,
  lookups: readonly Lookup[],
  newest: number,
): Promise<Map<number, Set<number>>> {
  const minutes = new Map<number, Set<number>>();
  const oldest = lookups.reduce((least, { at }) => Math.min(least, at), newest);
  const both = lookups.flatMap((one): Wanted[] => [
    { ...one, sameEpoch: true },
    { ...one, sameEpoch: false },
  ]);
  await widening(both, Math.min(PREDECESSOR_MAX_MS, newest - oldest), async (wanted, reachMs) => {
    const found = await look(db, wanted, reachMs);
    return wanted.filter((one) => {
      const at = found.get(`${one.namespaceId} ${one.epochId} ${one.at} ${one.sameEpoch}`);
      if (at === undefined) return true;
      const minute = minuteOf(at);
      const namespaces = minutes.get(minute);
      if (namespaces === undefined) minutes.set(minute, new Set([one.namespaceId]));
      else namespaces.add(one.namespaceId);
      return false;
    });
  });
  return minutes;
}

interface FoundRow {
  readonly namespace_id: number;
  readonly wanted_epoch: number;
  readonly wanted_at: number;
  readonly same_epoch: boolean;
  readonly at: number;
  /** A compacted hour; null for a snapshot. */
  readonly data: Uint8Array | null;
}

/** When the next snapshot is, by what was wanted. */
async function look(db: Db, lookups: readonly Wanted[], withinMs: number): Promise<Map<string, number>> {
  const times = lookups.map((one) => one.at);
  const span = { from: Math.min(...times) + 1, to: Math.max(...times) + withinMs + 1 };
  const next = Prisma.sql`
    s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id AND ${within(span)}
    AND s.at > to_timestamp(wanted.at / 1000)::timestamptz(3)
    AND (NOT wanted.same_epoch OR s.epoch_id = wanted.epoch_id)`;
  // As for predecessors: the first hour that knows the epoch may know it only from before on.
  const rows = await db.$queryRaw<FoundRow[]>`
    SELECT wanted.namespace_id, wanted.epoch_id AS wanted_epoch, wanted.at AS wanted_at, wanted.same_epoch,
           date_part('epoch', n.at) * 1000 AS at, n.data
    FROM unnest(${lookups.map((one) => one.namespaceId)}::int[], ${times}::float8[],
                ${lookups.map((one) => one.epochId)}::int[], ${lookups.map((one) => one.sameEpoch)}::boolean[])
      AS wanted(namespace_id, at, epoch_id, same_epoch)
    CROSS JOIN LATERAL (
      (SELECT s.at, NULL::bytea AS data FROM ts.snapshot s WHERE ${next} ORDER BY s.at LIMIT 1)
      UNION ALL
      (SELECT s.at, NULL::bytea FROM ts.snapshot_late s WHERE ${next} ORDER BY s.at LIMIT 1)
      UNION ALL
      (SELECT h.hour, h.data FROM ts.snapshot_hour h
       WHERE h.shard = wanted.namespace_id >> 8 AND h.namespace_id = wanted.namespace_id AND ${hoursWithin(span)}
         AND h.last_at > to_timestamp(wanted.at / 1000)::timestamptz(3)
         AND (NOT wanted.same_epoch OR h.epochs @> ARRAY[wanted.epoch_id])
       ORDER BY h.hour LIMIT 2)
    ) n`;

  const first = new Map<string, number>();
  const unpacking = new Unpacking();
  for (const { namespace_id, wanted_epoch, wanted_at, same_epoch, at, data } of rows) {
    const times = data === null ? null : await unpacking.hour(namespace_id, at, () => decodeHourTimes(data));
    const found =
      data === null
        ? Math.round(at)
        : times?.find((one) => one.at > wanted_at && (!same_epoch || one.epochId === wanted_epoch))?.at;
    const key = `${namespace_id} ${wanted_epoch} ${wanted_at} ${same_epoch}`;
    if (found !== undefined) first.set(key, Math.min(found, first.get(key) ?? found));
  }
  unpacking.end();
  return first;
}
