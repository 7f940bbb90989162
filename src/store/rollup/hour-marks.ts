import { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { HOUR_MS } from "../history/record.ts";
import { ALL_NAMESPACES } from "./set-aside.ts";

/** An hour is summed up when its last minute has had the time to be rolled up: not twice, for most hours. */
const GRACE_MS = 30_000;
/**
 * It waits for its minutes that are not rolled up yet, of which event counters alone may be stored; but only for so long
 * after its end, as one that fails each time would keep the others from being told.
 */
const UNFINISHED_MS = 2 * HOUR_MS;

export interface MarkedHour {
  /** Start of the hour, ms since 1970. */
  readonly hour: number;
  /** Ids of its marks, as `deleteHourMarks` takes them. */
  readonly ids: string;
}

/** Marks the hours of minutes that were rolled up. Call it in the transaction that replaces them. */
export async function markHours(tx: Db, shard: number, minutes: readonly number[]): Promise<void> {
  if (minutes.length === 0) return;
  const hours = [...new Set(minutes.map((minute) => Math.floor(minute / HOUR_MS) * HOUR_MS))];
  await tx.$executeRaw`
    INSERT INTO ts.hour_mark (shard, hour)
    SELECT ${shard}, to_timestamp(hour / 1000) FROM unnest(${hours}::float8[]) AS hour`;
}

/** Hours that begin before this are over. */
function overBefore(now: number): Prisma.Sql {
  return Prisma.sql`to_timestamp(${(now - GRACE_MS - HOUR_MS) / 1000}::float8)`;
}

/** Hours m that can be made now if they are over: their minutes are rolled up, and they are not set aside for a while. */
function ready(now: number): Prisma.Sql {
  return Prisma.sql`
    NOT EXISTS (
      SELECT FROM ts.set_aside a WHERE a.shard = m.shard AND a.namespace_id = ${ALL_NAMESPACES} AND a.hour = m.hour
        AND a.retry_at > to_timestamp(${now / 1000}::float8))
    AND (m.hour <= to_timestamp(${(now - UNFINISHED_MS - HOUR_MS) / 1000}::float8) OR NOT EXISTS (
      SELECT FROM ts.mark k
      WHERE k.shard = m.shard AND k.minute >= m.hour AND k.minute < m.hour + interval '1 hour'))`;
}

/** Shards with marks of hours that can be made. */
export async function shardsWithHours(db: Db, now: number): Promise<number[]> {
  const rows = await db.$queryRaw<{ shard: number }[]>`
    SELECT DISTINCT m.shard
    FROM (SELECT DISTINCT shard, hour FROM ts.hour_mark WHERE hour <= ${overBefore(now)}) m WHERE ${ready(now)}`;
  return rows.map(({ shard }) => shard);
}

/** The marked hours of a shard that can be made, the oldest first. */
export async function readHourMarks(
  tx: Db,
  shard: number,
  now: number,
  limit: number,
): Promise<MarkedHour[]> {
  const rows = await tx.$queryRaw<MarkedHour[]>`
    SELECT date_part('epoch', m.hour) * 1000 AS hour, m.ids
    FROM (SELECT shard, hour, string_agg(id::text, ',') AS ids FROM ts.hour_mark
          WHERE shard = ${shard} AND hour <= ${overBefore(now)} GROUP BY shard, hour) m
    WHERE ${ready(now)} ORDER BY m.hour LIMIT ${limit}`;
  return rows.map(({ hour, ids }) => ({ hour: Math.round(hour), ids }));
}

/** Deletes exactly the marks that were read. */
export async function deleteHourMarks(tx: Db, shard: number, hours: readonly MarkedHour[]): Promise<void> {
  const ids = hours.map((hour) => hour.ids).join(",");
  await tx.$executeRaw`
    DELETE FROM ts.hour_mark WHERE shard = ${shard} AND id = ANY(string_to_array(${ids}, ',')::bigint[])`;
}
