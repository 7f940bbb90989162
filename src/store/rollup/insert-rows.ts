import { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { type CounterRow, type GaugeRow, hexOf } from "./rows.ts";

/** Minutes and hours have the same columns. */
export const OF_MINUTES = {
  counters: Prisma.sql`ts.rollup_minute`,
  gauges: Prisma.sql`ts.gauge_minute`,
} as const;
export const OF_HOURS = { counters: Prisma.sql`ts.rollup_hour`, gauges: Prisma.sql`ts.gauge_hour` } as const;

/** @param table ts.rollup_minute or ts.rollup_hour */
export async function insertCounters(
  db: Db,
  table: Prisma.Sql,
  shard: number,
  rows: readonly CounterRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.$executeRaw`
    INSERT INTO ${table} (shard, counter_id, bucket, total, unrated, affected, peak, rate, data)
    SELECT ${shard}, counter_id, to_timestamp(bucket / 1000), total::numeric, unrated::numeric, affected,
           peak::numeric, rate, decode(data, 'hex')
    FROM unnest(
      ${rows.map((row) => row.counterId)}::int[], ${rows.map((row) => row.bucket)}::float8[],
      ${rows.map((row) => row.total)}::text[], ${rows.map((row) => row.unrated)}::text[],
      ${rows.map((row) => row.affected)}::int[], ${rows.map((row) => row.peak)}::text[],
      string_to_array(${rows.map((row) => row.rate ?? "").join(",")}, ',', '')::float8[],
      string_to_array(${hexOf(rows)}, ',')
    ) AS row(counter_id, bucket, total, unrated, affected, peak, rate, data)`;
}

/** @param table ts.gauge_minute or ts.gauge_hour */
export async function insertGauges(
  db: Db,
  table: Prisma.Sql,
  shard: number,
  rows: readonly GaugeRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.$executeRaw`
    INSERT INTO ${table} (shard, counter_id, bucket, reporters, "last", data)
    SELECT ${shard}, counter_id, to_timestamp(bucket / 1000), reporters, "last"::numeric, decode(data, 'hex')
    FROM unnest(
      ${rows.map((row) => row.counterId)}::int[], ${rows.map((row) => row.bucket)}::float8[],
      ${rows.map((row) => row.reporters)}::int[], ${rows.map((row) => row.last)}::text[],
      string_to_array(${hexOf(rows)}, ',')
    ) AS row(counter_id, bucket, reporters, "last", data)`;
}
