import { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import type { HourRow } from "../codec/hour.ts";
import type { NamespaceCount } from "../history/parts.ts";
import { HOUR_MS } from "../history/record.ts";
import { within } from "../history/sources.ts";
import type { NamespaceHour } from "./hour-rows.ts";

/** The namespaces of a shard that have snapshots of an hour in ts.snapshot, by id, and how many. */
export function countRaw(db: Db, shard: number, hour: number): Promise<NamespaceCount[]> {
  return db.$queryRaw`
    SELECT s.namespace_id AS "namespaceId", count(*)::int AS snapshots FROM ts.snapshot s
    WHERE s.shard = ${shard} AND ${within({ from: hour, to: hour + HOUR_MS })}
    GROUP BY s.namespace_id ORDER BY s.namespace_id`;
}

/** The snapshots of namespaces of a shard in an hour, from ts.snapshot. */
export function readRaw(
  db: Db,
  shard: number,
  hour: number,
  namespaceIds: readonly number[],
): Promise<NamespaceHour[]> {
  return read(db, Prisma.sql`ts.snapshot`, shard, hour, namespaceIds);
}

/** The same, from ts.snapshot_late. */
export function readLate(
  db: Db,
  shard: number,
  hour: number,
  namespaceIds: readonly number[],
): Promise<NamespaceHour[]> {
  return read(db, Prisma.sql`ts.snapshot_late`, shard, hour, namespaceIds);
}

/** Of one row of the table: what is fixed in length, in the order of `heads` below. */
const HEAD_BYTES = 8 + 8 + 6 * 4;

interface PackedRows {
  readonly namespace_id: number;
  readonly heads: Uint8Array;
  readonly values: Uint8Array;
  readonly listeners: Uint8Array;
}

/** One row a namespace and not one a snapshot, which costs the client more than all that follows. */
async function read(
  db: Db,
  table: Prisma.Sql,
  shard: number,
  hour: number,
  namespaceIds: readonly number[],
): Promise<NamespaceHour[]> {
  const packed = await db.$queryRaw<PackedRows[]>`
    SELECT namespace_id,
           string_agg(int8send(round(date_part('epoch', at) * 1000)::bigint) || int8send(uptime_ms)
                      || int4send(every_ms) || int4send(flags::int) || int4send(epoch_id) || int4send(layout_id)
                      || int4send(length("values")) || int4send(coalesce(length(listeners), -1)), '') AS heads,
           string_agg("values", '') AS "values", coalesce(string_agg(listeners, ''), '') AS listeners
    FROM (
      SELECT * FROM ${table} s
      WHERE s.shard = ${shard} AND s.namespace_id = ANY(${[...namespaceIds]}::int[])
        AND ${within({ from: hour, to: hour + HOUR_MS })}
      ORDER BY s.namespace_id, s.at
    ) s
    GROUP BY namespace_id ORDER BY namespace_id`;
  return packed.map((one) => ({ namespaceId: one.namespace_id, rows: unpackRows(one) }));
}

function unpackRows({ namespace_id, heads, values, listeners }: PackedRows): HourRow[] {
  const view = new DataView(heads.buffer, heads.byteOffset, heads.byteLength);
  const rows: HourRow[] = [];
  let valuesEnd = 0;
  let listenersEnd = 0;
  let before = Number.NEGATIVE_INFINITY;
  for (let offset = 0; offset < heads.byteLength; offset += HEAD_BYTES) {
    const at = Number(view.getBigInt64(offset));
    // The order of a subquery is the aggregate's by custom, not by promise.
    if (at <= before)
      throw new Error(`cannot read the hour of namespace ${namespace_id}: it came out of order`);
    before = at;
    const valuesStart = valuesEnd;
    const listenersStart = listenersEnd;
    const listenersLength = view.getInt32(offset + 36);
    valuesEnd += view.getInt32(offset + 32);
    listenersEnd += Math.max(0, listenersLength);
    rows.push({
      at,
      uptimeMs: Number(view.getBigInt64(offset + 8)),
      everyMs: view.getInt32(offset + 16),
      flags: view.getInt32(offset + 20),
      epochId: view.getInt32(offset + 24),
      layoutId: view.getInt32(offset + 28),
      values: values.subarray(valuesStart, valuesEnd),
      listeners: listenersLength < 0 ? null : listeners.subarray(listenersStart, listenersEnd),
    });
  }
  if (valuesEnd !== values.length || listenersEnd !== listeners.length) {
    throw new Error(
      `cannot read the hour of namespace ${namespace_id}: its parts have other lengths than it says`,
    );
  }
  return rows;
}
