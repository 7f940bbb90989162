import { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { instant } from "../history/sources.ts";
import type { Range } from "./range.ts";
import { HOUR_MS, type Segment } from "./resolution.ts";
import { ofShards, type Reporters, reportedBy, TABLES, within } from "./rollup-rows.ts";

/** A span of time with a number of its own. */
export interface NumberedSpan extends Range {
  readonly number: number;
}

/**
 * In which spans, each within one segment, anybody reported: their numbers. Stops at the first row of each, so
 * that this costs what is asked and not how many there are.
 *
 * @param rated only where a rate may be told of some of the time
 */
export async function readReportedSpans(
  db: Db,
  reporters: Reporters,
  segment: Segment,
  spans: readonly NumberedSpan[],
  rated: boolean,
): Promise<number[]> {
  const rows = await db.$queryRaw<{ number: number }[]>`
    SELECT number FROM unnest(${spans.map((span) => span.number)}::int[],
      ${spans.map(({ from }) => from / 1000)}::float8[], ${spans.map(({ to }) => to / 1000)}::float8[]) AS span(number, from_s, to_s)
    WHERE EXISTS (
      SELECT FROM ${TABLES[segment.of].coverage}
      WHERE ${within(segment)} AND bucket >= to_timestamp(from_s) AND bucket < to_timestamp(to_s)
        AND ${reportedBy(reporters, segment)} AND (NOT ${rated}::boolean OR covered_ms > 0) OFFSET 0)`;
  return rows.map(({ number }) => number);
}

/** The hours that overlap a segment of minutes and in whose every minute somebody had a rated interval: their starts. */
export async function readSteadyHours(db: Db, { layoutIds }: Reporters, range: Range): Promise<number[]> {
  const rows = await db.$queryRaw<{ hour: number }[]>`
    SELECT date_part('epoch', hour) * 1000 AS hour
    FROM (SELECT to_timestamp(start) AS hour FROM unnest(${hoursOf(range).map((hour) => hour / 1000)}::float8[]) AS start) AS wanted
    WHERE EXISTS (
        SELECT FROM ts.coverage_hour
        WHERE ${within(hoursAround(range))} AND bucket = hour AND layout_id = ANY(${[...layoutIds]}::int[])
          AND steady IS NOT NULL OFFSET 0)
      AND ${saysItsMinutes(range)}`;
  return rows.map(({ hour }) => Math.round(hour));
}

/** The same by shard, with who had them. */
export async function readSteadyRows(
  db: Db,
  { layoutIds }: Reporters,
  range: Range,
  shards: readonly number[],
): Promise<SteadyRow[]> {
  const rows = await db.$queryRaw<SteadyRow[]>`
    SELECT shard, date_part('epoch', hour) * 1000 AS hour, steady
    FROM (SELECT shard, bucket AS hour, steady FROM ts.coverage_hour
          WHERE ${within(hoursAround(range))} AND layout_id = ANY(${[...layoutIds]}::int[])
            AND ${ofShards(shards)} AND steady IS NOT NULL) AS found
    WHERE ${saysItsMinutes(range)}`;
  return rows.map((row) => ({ ...row, hour: Math.round(row.hour) })).sort((a, b) => a.hour - b.hour);
}

/** Who of a shard had a rated interval in every minute of an hour. */
export interface SteadyRow {
  readonly shard: number;
  readonly hour: number;
  /** A bit for each position, the lowest of the first byte for position 0. */
  readonly steady: Uint8Array;
}

/** That the row of an hour is as new as its minutes, and that these are kept: what is gone is told of nobody. */
function saysItsMinutes(range: Range): Prisma.Sql {
  const { from, to } = hoursAround(range);
  return Prisma.sql`
    hour NOT IN (SELECT m.hour FROM ts.hour_mark m WHERE m.hour >= ${instant(from)} AND m.hour < ${instant(to)})
    AND EXISTS (
      SELECT FROM ts.coverage
      WHERE ${within({ from, to })} AND bucket >= hour AND bucket < hour + interval '1 hour' OFFSET 0)`;
}

/** The whole hours that a range touches. */
function hoursAround({ from, to }: Range): Range {
  return { from: Math.floor(from / HOUR_MS) * HOUR_MS, to: Math.ceil(to / HOUR_MS) * HOUR_MS };
}

function hoursOf(range: Range): number[] {
  const { from, to } = hoursAround(range);
  return Array.from({ length: (to - from) / HOUR_MS }, (_, index) => from + index * HOUR_MS);
}
