import type { Db } from "../client.ts";
import type { Lookup, SnapshotRecord } from "./record.ts";
import { widening } from "./widening.ts";

/** The predecessor found, and the epoch it was wanted for. */
export type Predecessor = SnapshotRecord & { readonly wanted_epoch: number };

/** For each lookup the newest snapshot before it within `withinMs`: of the same epoch where `sameEpoch`, else of any. */
export async function readPredecessors(
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
  sameEpoch: boolean,
): Promise<Predecessor[]> {
  const all: Predecessor[] = [];
  await widening(lookups, withinMs, async (wanted, reachMs) => {
    const found = await look(db, wanted, reachMs, sameEpoch);
    all.push(...found);
    const answered = new Set(found.map((one) => `${one.namespace_id} ${one.wanted_epoch}`));
    return wanted.filter((one) => !answered.has(`${one.namespaceId} ${one.epochId}`));
  });
  return all;
}

function look(
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
  sameEpoch: boolean,
): Promise<Predecessor[]> {
  const times = lookups.map((one) => one.at);
  const from = Math.min(...times) - withinMs;
  const to = Math.max(...times);
  return db.$queryRaw<Predecessor[]>`
    SELECT wanted.epoch_id AS wanted_epoch, p.namespace_id, date_part('epoch', p.at) * 1000 AS at, p.epoch_id,
           p.uptime_ms::float8 AS uptime_ms, p.every_ms, p.flags::int AS flags, p.layout_id, p."values"
    FROM unnest(${lookups.map((one) => one.namespaceId)}::int[], ${times}::float8[],
                ${lookups.map((one) => one.epochId)}::int[]) AS wanted(namespace_id, at, epoch_id)
    CROSS JOIN LATERAL (
      SELECT * FROM ts.snapshot s
      WHERE s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id
        AND s.at >= to_timestamp(${from / 1000}::float8) AND s.at < to_timestamp(${to / 1000}::float8)
        AND s.at < to_timestamp(wanted.at / 1000)::timestamptz(3)
        AND s.at >= to_timestamp((wanted.at - ${withinMs}::float8) / 1000)::timestamptz(3)
        AND (NOT ${sameEpoch}::boolean OR s.epoch_id = wanted.epoch_id)
      ORDER BY s.at DESC LIMIT 1
    ) p`;
}
