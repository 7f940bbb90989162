/**
 * Where snapshots are: in ts.snapshot until their hour is compacted, in ts.snapshot_hour from then on, and in
 * ts.snapshot_late when they came after it was sealed. Every look asks all three in one statement: what moves
 * from one to another moves in one transaction, so a statement, which sees one state of the database, sees
 * each snapshot once. Two statements could see it twice or never.
 *
 * A statement that began before an hour was compacted holds a lock that lets the hour's partition stay until
 * its transaction ends; one that begins later finds neither partition nor rows there. That takes READ COMMITTED:
 * a transaction that goes on looking at the state of its first statement would see neither.
 *
 * All times stand in the statements as constants, so that partitions are left out when it is planned, and
 * neither looked at nor locked.
 */
import { Prisma } from "../../generated/prisma/client.ts";
import { type DecodedRow, decodeHour } from "../codec/hour.ts";
import { HOUR_MS, type SnapshotRecord, type Span, type Whose } from "./record.ts";
import type { Unpacking } from "./unpacking.ts";

/** A row of any of the three: a snapshot, or a compacted hour of them in `values`. */
export interface SourceRow extends SnapshotRecord {
  readonly compacted: boolean;
  readonly values: Uint8Array;
}

/** The columns of ts.snapshot and ts.snapshot_late, called s, and of ts.snapshot_hour, called h. */
export const SNAPSHOT = Prisma.sql`
  false AS compacted, s.namespace_id, date_part('epoch', s.at) * 1000 AS at, s.epoch_id,
  s.uptime_ms::float8 AS uptime_ms, s.every_ms, s.flags::int AS flags, s.layout_id, s."values"`;
export const HOUR = Prisma.sql`
  true AS compacted, h.namespace_id, date_part('epoch', h.hour) * 1000 AS at, 0 AS epoch_id,
  0::float8 AS uptime_ms, 0 AS every_ms, 0 AS flags, 0 AS layout_id, h.data AS "values"`;

/** Staged rows of an hour that is not compacted yet are no one's. */
export const IS_COMPACTED = Prisma.sql`
  EXISTS (SELECT FROM ts.compacted_hour c WHERE c.hour = h.hour AND c.compacted_at IS NOT NULL)`;

/** A time in ms since 1970 as a constant. */
export function instant(ms: number): Prisma.Sql {
  return Prisma.sql`to_timestamp(${ms / 1000}::float8)::timestamptz(3)`;
}

/** The condition on the columns that the keys begin with. One shard is named by `=`: the key's order is the result's. */
export function of(whose: Whose): Prisma.Sql {
  if ("shard" in whose) {
    const { shard, except = [] } = whose;
    return except.length === 0
      ? Prisma.sql`shard = ${shard}`
      : Prisma.sql`shard = ${shard} AND namespace_id <> ALL(${[...except]}::int[])`;
  }
  const shards = [...new Set(whose.namespaceIds.map((id) => id >> 8))];
  return Prisma.sql`shard = ANY(${shards}::int[]) AND namespace_id = ANY(${[...whose.namespaceIds]}::int[])`;
}

/** The condition on snapshots s. */
export function within({ from, to }: Span): Prisma.Sql {
  return Prisma.sql`s.at >= ${instant(from)} AND s.at < ${instant(to)}`;
}

/** The condition on hours h that have snapshots in a span. */
export function hoursWithin({ from, to }: Span): Prisma.Sql {
  return Prisma.sql`h.hour >= ${instant(Math.floor(from / HOUR_MS) * HOUR_MS)} AND h.hour < ${instant(to)}
    AND h.last_at >= ${instant(from)} AND h.first_at < ${instant(to)} AND ${IS_COMPACTED}`;
}

/** The snapshots that a row stands for, by time; none of an hour that is damaged. */
export async function snapshotsIn(row: SourceRow, unpacking: Unpacking): Promise<readonly SnapshotRecord[]> {
  if (!row.compacted) return [row];
  const { namespace_id, at, values } = row;
  return (await unpacking.hour(namespace_id, at, () => snapshotsOf(namespace_id, values))) ?? [];
}

/** The snapshots of a namespace's compacted hour, by time. @throws DamagedHourError */
export function snapshotsOf(namespaceId: number, data: Uint8Array): SnapshotRecord[] {
  return decodeHour(data).map((one) => recordOf(namespaceId, one));
}

export function recordOf(namespaceId: number, one: DecodedRow): SnapshotRecord {
  return {
    namespace_id: namespaceId,
    at: one.at,
    epoch_id: one.epochId,
    uptime_ms: one.uptimeMs,
    every_ms: one.everyMs,
    flags: one.flags,
    layout_id: one.layoutId,
    values: one.values,
  };
}
