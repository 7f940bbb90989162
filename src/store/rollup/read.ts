import type { Db } from "../client.ts";
import type { Lookup } from "../predecessors.ts";
import type { SnapshotRecord } from "../snapshot-reader.ts";

export interface Mark {
  readonly id: bigint;
  /** Start of the minute, ms since 1970. */
  readonly minute: number;
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

export async function readMarks(db: Db, shard: number, limit: number): Promise<Mark[]> {
  const rows = await db.$queryRaw<Mark[]>`
    SELECT id, date_part('epoch', minute) * 1000 AS minute FROM ts.mark
    WHERE shard = ${shard} ORDER BY id LIMIT ${limit}`;
  return rows.map((row) => ({ id: row.id, minute: Math.round(row.minute) }));
}

/** Snapshots of a shard with from <= at < to, by namespace and time. */
export function readShard(db: Db, shard: number, from: number, to: number): Promise<SnapshotRecord[]> {
  return db.$queryRaw<SnapshotRecord[]>`
    SELECT namespace_id, date_part('epoch', at) * 1000 AS at, epoch_id, uptime_ms::float8 AS uptime_ms,
           every_ms, flags::int AS flags, layout_id, "values"
    FROM ts.snapshot
    WHERE shard = ${shard} AND at >= to_timestamp(${from / 1000}::float8)
      AND at < to_timestamp(${to / 1000}::float8)
    ORDER BY namespace_id, at`;
}

/** Minutes of the snapshots that follow these: the next of the same epoch, and the next of any. */
export async function readSuccessorMinutes(db: Db, lookups: readonly Lookup[]): Promise<number[]> {
  const rows = await db.$queryRaw<{ minute: number }[]>`
    SELECT DISTINCT date_part('epoch', date_trunc('minute', n.at)) * 1000 AS minute
    FROM unnest(${lookups.map((one) => one.namespaceId)}::int[], ${lookups.map((one) => one.at)}::float8[],
                ${lookups.map((one) => one.epochId)}::int[]) AS wanted(namespace_id, at, epoch_id)
    CROSS JOIN LATERAL (
      (SELECT s.at FROM ts.snapshot s
       WHERE s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id
         AND s.at > to_timestamp(wanted.at / 1000)::timestamptz(3) AND s.epoch_id = wanted.epoch_id
       ORDER BY s.at LIMIT 1)
      UNION ALL
      (SELECT s.at FROM ts.snapshot s
       WHERE s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id
         AND s.at > to_timestamp(wanted.at / 1000)::timestamptz(3)
       ORDER BY s.at LIMIT 1)
    ) n`;
  return rows.map((row) => Math.round(row.minute));
}
