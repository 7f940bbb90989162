import type { Count } from "../../protocol/count.ts";
import type { Db } from "../client.ts";
import { SHARD_SIZE, visitPositions } from "../codec/positions.ts";
import type { Range } from "./range.ts";

const PART_MS = 3_600_000;

/** The positions of one shard in one minute. */
export interface PositionRow {
  /** Start of the minute, ms since 1970. */
  readonly minute: number;
  readonly shard: number;
  readonly data: Uint8Array;
}

/** A minute of all shards. */
export interface FleetMinute {
  readonly minute: number;
  /** Decimal strings: sums of 64-bit counters. */
  readonly total: string;
  readonly unrated: string;
  readonly peak: string;
}

export interface CoverageMinute {
  readonly minute: number;
  readonly reporters: number;
  readonly coveredMs: number;
}

/** The increases of a counter in the minutes of a range, over all namespaces; reads the index alone. */
export async function readTotals(db: Db, counterId: number, range: Range): Promise<FleetMinute[]> {
  const rows = await db.$queryRaw<FleetMinute[]>`
    SELECT date_part('epoch', bucket) * 1000 AS minute, sum(total)::text AS total,
           sum(unrated)::text AS unrated, max(peak)::text AS peak
    FROM ts.rollup_minute
    WHERE counter_id = ${counterId} AND bucket >= to_timestamp(${range.from / 1000}::float8)
      AND bucket < to_timestamp(${range.to / 1000}::float8)
    GROUP BY bucket`;
  return rows.map((row) => ({ ...row, minute: Math.round(row.minute) }));
}

/**
 * Who reported in the minutes of a range, with a layout that has the counter.
 *
 * @param open true to take minutes that are not over, of which only event counters are known
 */
export async function readCoverage(
  db: Db,
  layoutIds: readonly number[],
  range: Range,
  open: boolean,
): Promise<CoverageMinute[]> {
  const rows = await db.$queryRaw<CoverageMinute[]>`
    SELECT date_part('epoch', bucket) * 1000 AS minute, sum(reporters)::float8 AS reporters,
           sum(covered_ms)::float8 AS "coveredMs"
    FROM ts.coverage
    WHERE bucket >= to_timestamp(${range.from / 1000}::float8) AND bucket < to_timestamp(${range.to / 1000}::float8)
      AND layout_id = ANY(${[...layoutIds]}::int[]) AND (NOT open OR ${open}::boolean)
    GROUP BY bucket`;
  return rows.map((row) => ({ ...row, minute: Math.round(row.minute) }));
}

/** Rows of the increases of a counter, by minute: their positions are read by `forEachNamespace`. */
export function readIncreaseRows(db: Db, counterId: number, range: Range): Promise<PositionRow[]> {
  return db.$queryRaw<PositionRow[]>`
    SELECT date_part('epoch', bucket) * 1000 AS minute, shard, data FROM ts.rollup_minute
    WHERE counter_id = ${counterId} AND bucket >= to_timestamp(${range.from / 1000}::float8)
      AND bucket < to_timestamp(${range.to / 1000}::float8)`;
}

/** Rows of covered ms, by minute; the value is 0 for a namespace that gave a baseline only. */
export function readCoverageRows(
  db: Db,
  layoutIds: readonly number[],
  range: Range,
  open: boolean,
): Promise<PositionRow[]> {
  return db.$queryRaw<PositionRow[]>`
    SELECT date_part('epoch', bucket) * 1000 AS minute, shard, data FROM ts.coverage
    WHERE bucket >= to_timestamp(${range.from / 1000}::float8) AND bucket < to_timestamp(${range.to / 1000}::float8)
      AND layout_id = ANY(${[...layoutIds]}::int[]) AND (NOT open OR ${open}::boolean)`;
}

export function forEachNamespace(
  { shard, data }: PositionRow,
  visit: (namespaceId: number, value: Count, unrated: Count) => void,
): void {
  visitPositions(data, (position, value, unrated) => visit(shard * SHARD_SIZE + position, value, unrated));
}

/**
 * A range in parts, each of whole steps and of as little more than an hour as steps allow: what is held at
 * once is bounded by the fleet and not by the range.
 */
export function* partsOf(range: Range, stepMs: number): Generator<Range> {
  const length = Math.ceil(PART_MS / stepMs) * stepMs;
  for (let from = Math.floor(range.from / stepMs) * stepMs; from < range.to; from += length) {
    yield { from: Math.max(from, range.from), to: Math.min(from + length, range.to) };
  }
}
