import type { Db } from "../client.ts";
import type { Lookup } from "./record.ts";
import { widening } from "./widening.ts";

/** A snapshot changes the increase of none that is later than this: nobody looks back further. */
const SUCCESSOR_MAX_MS = 7 * 24 * 3_600_000;

interface Found {
  readonly namespace_id: number;
  readonly wanted_epoch: number;
  readonly same_epoch: boolean;
  readonly minute: number;
}

/**
 * Minutes of the snapshots that follow these, with their namespaces: the next of the same epoch, and the next of
 * any.
 *
 * @param newest no snapshot is later than this: a look that has come so far goes no further
 */
export async function readSuccessorMinutes(
  db: Db,
  lookups: readonly Lookup[],
  newest: number,
): Promise<Map<number, Set<number>>> {
  const minutes = new Map<number, Set<number>>();
  const oldest = lookups.reduce((least, { at }) => Math.min(least, at), newest);
  await widening(lookups, Math.min(SUCCESSOR_MAX_MS, newest - oldest), async (wanted, reachMs) => {
    const found = await look(db, wanted, reachMs);
    for (const one of found) {
      const minute = Math.round(one.minute);
      const namespaces = minutes.get(minute);
      if (namespaces === undefined) minutes.set(minute, new Set([one.namespace_id]));
      else namespaces.add(one.namespace_id);
    }
    // The next of the same epoch, where there is one, is the next of any or behind it: both are answered.
    const answered = new Set(
      found.filter((one) => one.same_epoch).map((one) => `${one.namespace_id} ${one.wanted_epoch}`),
    );
    return wanted.filter((one) => !answered.has(`${one.namespaceId} ${one.epochId}`));
  });
  return minutes;
}

function look(db: Db, lookups: readonly Lookup[], withinMs: number): Promise<Found[]> {
  const times = lookups.map((one) => one.at);
  const from = Math.min(...times);
  const to = Math.max(...times) + withinMs;
  return db.$queryRaw<Found[]>`
    SELECT wanted.namespace_id, wanted.epoch_id AS wanted_epoch, n.same_epoch,
           date_part('epoch', date_trunc('minute', n.at)) * 1000 AS minute
    FROM unnest(${lookups.map((one) => one.namespaceId)}::int[], ${times}::float8[],
                ${lookups.map((one) => one.epochId)}::int[]) AS wanted(namespace_id, at, epoch_id)
    CROSS JOIN LATERAL (
      (SELECT s.at, true AS same_epoch FROM ts.snapshot s
       WHERE s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id
         AND s.at > to_timestamp(${from / 1000}::float8) AND s.at <= to_timestamp(${to / 1000}::float8)
         AND s.at > to_timestamp(wanted.at / 1000)::timestamptz(3) AND s.epoch_id = wanted.epoch_id
       ORDER BY s.at LIMIT 1)
      UNION ALL
      (SELECT s.at, false AS same_epoch FROM ts.snapshot s
       WHERE s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id
         AND s.at > to_timestamp(${from / 1000}::float8) AND s.at <= to_timestamp(${to / 1000}::float8)
         AND s.at > to_timestamp(wanted.at / 1000)::timestamptz(3)
       ORDER BY s.at LIMIT 1)
    ) n`;
}
