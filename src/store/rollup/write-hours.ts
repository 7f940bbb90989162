import type { GaugeSums } from "../../rates/gauges.ts";
import type { MinuteSum } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { insertCounters, insertGauges, OF_HOURS } from "./insert-rows.ts";
import { type CoverageHourRow, counterRows, coverageRows, gaugeRows, hexOf } from "./rows.ts";

/** An hour of a shard, summed up. */
export interface RolledHour {
  /** Start of the hour, ms since 1970. */
  readonly hour: number;
  readonly sum: MinuteSum;
  /** By layout: which positions had a rated interval in every minute; none of a layout where there is none. */
  readonly steady: ReadonlyMap<number, Buffer>;
  readonly gauges: GaugeSums;
}

/** Replaces what is stored of these hours of a shard. Call it in the transaction that read the minutes. */
export async function replaceHours(db: Db, shard: number, hours: readonly RolledHour[]): Promise<void> {
  if (hours.length === 0) return;
  const times = hours.map(({ hour }) => hour);
  const list = times.map((time) => new Date(time).toISOString());
  const [first, last] = [Math.min(...times) / 1000, Math.max(...times) / 1000];
  await db.$executeRaw`
    WITH coverage AS (
      DELETE FROM ts.coverage_hour WHERE shard = ${shard} AND bucket = ANY(${list}::text[]::timestamptz[])
        AND bucket >= to_timestamp(${first}::float8) AND bucket <= to_timestamp(${last}::float8)
    ), gauges AS (
      DELETE FROM ts.gauge_hour WHERE shard = ${shard} AND bucket = ANY(${list}::text[]::timestamptz[])
        AND bucket >= to_timestamp(${first}::float8) AND bucket <= to_timestamp(${last}::float8)
    )
    DELETE FROM ts.rollup_hour WHERE shard = ${shard} AND bucket = ANY(${list}::text[]::timestamptz[])
      AND bucket >= to_timestamp(${first}::float8) AND bucket <= to_timestamp(${last}::float8)`;

  const counters = hours.flatMap(({ hour, sum }) => counterRows(hour, sum));
  await insertCounters(db, OF_HOURS.counters, shard, counters);

  const layouts = hours.flatMap(({ hour, sum, steady }) =>
    coverageRows(hour, sum.layouts()).map(
      (row): CoverageHourRow => ({ ...row, steady: steady.get(row.layoutId) ?? null }),
    ),
  );
  if (layouts.length > 0) {
    await db.$executeRaw`
      INSERT INTO ts.coverage_hour (shard, bucket, layout_id, reporters, covered_ms, steady, data)
      SELECT ${shard}, to_timestamp(bucket / 1000), layout_id, reporters, covered_ms, decode(steady, 'hex'),
             decode(data, 'hex')
      FROM unnest(
        ${layouts.map((row) => row.bucket)}::float8[], ${layouts.map((row) => row.layoutId)}::int[],
        ${layouts.map((row) => row.reporters)}::int[], ${layouts.map((row) => row.coveredMs)}::bigint[],
        string_to_array(${layouts.map(({ steady }) => steady?.toString("hex") ?? "").join(",")}, ',', ''),
        string_to_array(${hexOf(layouts)}, ',')
      ) AS row(bucket, layout_id, reporters, covered_ms, steady, data)`;
  }

  const gauges = hours.flatMap((one) => gaugeRows(one.hour, one.gauges.gauges()));
  await insertGauges(db, OF_HOURS.gauges, shard, gauges);
}
