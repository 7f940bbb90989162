import type { Db } from "./client.ts";
import type { SnapshotRecord } from "./snapshot-reader.ts";

/** A snapshot whose predecessor is asked for. */
export interface Lookup {
  readonly namespaceId: number;
  readonly at: number;
  readonly epochId: number;
}

/** The predecessor found, and the epoch it was wanted for. */
export type Predecessor = SnapshotRecord & { readonly wanted_epoch: number };

/** For each lookup the newest snapshot before it within `withinMs`: of the same epoch where `sameEpoch`, else of any. */
export function readPredecessors(
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
  sameEpoch: boolean,
): Promise<Predecessor[]> {
  return db.$queryRaw<Predecessor[]>`
    SELECT wanted.epoch_id AS wanted_epoch, p.namespace_id, date_part('epoch', p.at) * 1000 AS at, p.epoch_id,
           p.uptime_ms::float8 AS uptime_ms, p.every_ms, p.flags::int AS flags, p.layout_id, p."values"
    FROM unnest(${lookups.map((one) => one.namespaceId)}::int[], ${lookups.map((one) => one.at)}::float8[],
                ${lookups.map((one) => one.epochId)}::int[]) AS wanted(namespace_id, at, epoch_id)
    CROSS JOIN LATERAL (
      SELECT * FROM ts.snapshot s
      WHERE s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id
        AND s.at < to_timestamp(wanted.at / 1000)::timestamptz(3)
        AND s.at >= to_timestamp((wanted.at - ${withinMs}::float8) / 1000)::timestamptz(3)
        AND (NOT ${sameEpoch}::boolean OR s.epoch_id = wanted.epoch_id)
      ORDER BY s.at DESC LIMIT 1
    ) p`;
}
