import type { Db } from "../client.ts";
import { decodePositions, type PositionCount, SHARD_SIZE } from "../codec/positions.ts";
import type { Range } from "./range.ts";

/** What one namespace did in one minute. */
export interface NamespaceMinute extends PositionCount {
  /** Start of the minute, ms since 1970. */
  readonly minute: number;
  readonly namespaceId: number;
}

interface Row {
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

/** The increases of a counter by namespace and minute. */
export async function readIncreasesByNamespace(
  db: Db,
  counterId: number,
  range: Range,
): Promise<NamespaceMinute[]> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT date_part('epoch', bucket) * 1000 AS minute, shard, data FROM ts.rollup_minute
    WHERE counter_id = ${counterId} AND bucket >= to_timestamp(${range.from / 1000}::float8)
      AND bucket < to_timestamp(${range.to / 1000}::float8)`;
  return rows.flatMap(unpack);
}

/** Covered ms (as `value`) by namespace and minute; 0 for one that gave a baseline only. */
export async function readCoverageByNamespace(
  db: Db,
  layoutIds: readonly number[],
  range: Range,
  open: boolean,
): Promise<NamespaceMinute[]> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT date_part('epoch', bucket) * 1000 AS minute, shard, data FROM ts.coverage
    WHERE bucket >= to_timestamp(${range.from / 1000}::float8) AND bucket < to_timestamp(${range.to / 1000}::float8)
      AND layout_id = ANY(${[...layoutIds]}::int[]) AND (NOT open OR ${open}::boolean)`;
  return rows.flatMap(unpack);
}

function unpack({ minute, shard, data }: Row): NamespaceMinute[] {
  return decodePositions(data).map((count) => ({
    ...count,
    minute: Math.round(minute),
    namespaceId: shard * SHARD_SIZE + count.position,
  }));
}
