import { Prisma } from "../../generated/prisma/client.ts";
import type { ListenerMinute } from "../../rates/listeners.ts";
import type { Db } from "../client.ts";
import { recordFell } from "../data-problems.ts";
import { noteRolled } from "../rolled-minutes.ts";
import { insertCounters, insertGauges, OF_MINUTES } from "./insert-rows.ts";
import { COLUMN_MAX, registerListeners, registryKey } from "./listener-registry.ts";
import { type CoverageRow, counterRows, coverageRows, gaugeRows, hexOf } from "./rows.ts";
import type { RolledMinute } from "./sum-minute.ts";

/** Replaces what is stored of these minutes of a shard. Call it in the transaction that read the snapshots. */
export async function replaceMinutes(db: Db, shard: number, minutes: readonly RolledMinute[]): Promise<void> {
  const open = minutes.filter(({ closed }) => closed === null);
  const over = minutes.filter(({ closed }) => closed !== null);
  await deleteMinutes(db, shard, minutes, over);
  await insertCounters(
    db,
    OF_MINUTES.counters,
    shard,
    minutes.flatMap(({ minute, sum }) => counterRows(minute, sum)),
  );
  for (const [isOpen, some] of [[true, open] as const, [false, over] as const]) {
    const rows = some.flatMap(({ minute, sum }) => coverageRows(minute, sum.layouts()));
    await insertCoverage(db, shard, rows, isOpen);
  }
  const gauges = over.flatMap(({ minute, closed }) => gaugeRows(minute, closed?.gauges.gauges() ?? []));
  await insertGauges(db, OF_MINUTES.gauges, shard, gauges);
  await insertListeners(db, shard, over);
  await noteRolled(
    db,
    shard,
    over.map(({ minute }) => minute),
  );
  await recordFell(
    db,
    shard,
    over.flatMap(({ minute, closed }) =>
      [...(closed?.fell ?? [])].map(([namespaceId, found]) => ({ minute, namespaceId, ...found })),
    ),
  );
}

/** One statement: of each table the rows of the minutes, and none but of partitions between the first and the last. */
async function deleteMinutes(
  db: Db,
  shard: number,
  minutes: readonly RolledMinute[],
  over: readonly RolledMinute[],
): Promise<void> {
  const buckets = bucketsOf(minutes);
  await db.$executeRaw`
    WITH coverage AS (
      DELETE FROM ts.coverage WHERE shard = ${shard} AND bucket = ANY(${buckets.list}::text[]::timestamptz[])
        AND bucket >= to_timestamp(${buckets.first}::float8) AND bucket <= to_timestamp(${buckets.last}::float8)
    )
    DELETE FROM ts.rollup_minute WHERE shard = ${shard} AND bucket = ANY(${buckets.list}::text[]::timestamptz[])
      AND bucket >= to_timestamp(${buckets.first}::float8) AND bucket <= to_timestamp(${buckets.last}::float8)`;
  if (over.length === 0) return;
  const closed = bucketsOf(over);
  const unread = over.flatMap(({ minute, closed: of }) => (of?.unread ?? []).map((id) => ({ minute, id })));
  const stays =
    unread.length === 0
      ? Prisma.empty
      : Prisma.sql`AND NOT EXISTS (
          SELECT FROM unnest(${unread.map(({ minute }) => minute)}::float8[], ${unread.map(({ id }) => id)}::int[])
            AS unread(minute, namespace_id)
          WHERE unread.namespace_id = listener_minute.namespace_id AND to_timestamp(unread.minute / 1000) = bucket)`;
  await db.$executeRaw`
    WITH gauges AS (
      DELETE FROM ts.gauge_minute WHERE shard = ${shard} AND bucket = ANY(${closed.list}::text[]::timestamptz[])
        AND bucket >= to_timestamp(${closed.first}::float8) AND bucket <= to_timestamp(${closed.last}::float8)
    )
    DELETE FROM ts.listener_minute WHERE shard = ${shard} AND bucket = ANY(${closed.list}::text[]::timestamptz[])
      AND bucket >= to_timestamp(${closed.first}::float8) AND bucket <= to_timestamp(${closed.last}::float8) ${stays}`;
}

function bucketsOf(minutes: readonly RolledMinute[]) {
  const times = minutes.map(({ minute }) => minute);
  return {
    list: times.map((time) => new Date(time).toISOString()),
    first: Math.min(...times) / 1000,
    last: Math.max(...times) / 1000,
  };
}

async function insertCoverage(
  db: Db,
  shard: number,
  rows: readonly CoverageRow[],
  open: boolean,
): Promise<void> {
  if (rows.length === 0) return;
  await db.$executeRaw`
    INSERT INTO ts.coverage (shard, bucket, layout_id, open, reporters, covered_ms, data)
    SELECT ${shard}, to_timestamp(bucket / 1000), layout_id, ${open}::boolean, reporters, covered_ms, decode(data, 'hex')
    FROM unnest(
      ${rows.map((row) => row.bucket)}::float8[], ${rows.map((row) => row.layoutId)}::int[],
      ${rows.map((row) => row.reporters)}::int[], ${rows.map((row) => row.coveredMs)}::bigint[],
      string_to_array(${hexOf(rows)}, ',')
    ) AS row(bucket, layout_id, reporters, covered_ms, data)`;
}

interface ListenerRow extends ListenerMinute {
  readonly listenerId: number;
  readonly namespaceId: number;
  readonly bucket: number;
}

async function insertListeners(db: Db, shard: number, minutes: readonly RolledMinute[]): Promise<void> {
  const all = minutes.flatMap(({ closed }) => closed?.listeners ?? []);
  const ids = await registerListeners(db, all);
  const rows: ListenerRow[] = [];
  for (const { minute, closed } of minutes) {
    for (const { namespaceId, told } of closed?.listeners ?? []) {
      for (const listener of told) {
        const listenerId = ids.get(registryKey(namespaceId, listener.socket));
        if (listenerId !== undefined) rows.push({ ...listener, listenerId, namespaceId, bucket: minute });
      }
    }
  }
  if (rows.length === 0) return;
  await db.$executeRaw`
    INSERT INTO ts.listener_minute
      (shard, listener_id, bucket, namespace_id, samples, samples_full, peak_queue, "limit", weight)
    SELECT ${shard}, listener_id, to_timestamp(bucket / 1000), namespace_id, samples, samples_full, peak_queue,
           nullif("limit", -1), weight
    FROM unnest(
      ${rows.map((row) => row.listenerId)}::int[], ${rows.map((row) => row.bucket)}::float8[],
      ${rows.map((row) => row.namespaceId)}::int[], ${rows.map((row) => column(row.samples))}::int[],
      ${rows.map((row) => column(row.samplesFull))}::int[], ${rows.map((row) => column(row.peakQueue))}::int[],
      ${rows.map((row) => (row.socket.limit === null ? -1 : column(row.socket.limit)))}::int[],
      ${rows.map((row) => row.weight)}::bigint[]
    ) AS row(listener_id, bucket, namespace_id, samples, samples_full, peak_queue, "limit", weight)`;
}

function column(value: number): number {
  return Math.min(value, COLUMN_MAX);
}
