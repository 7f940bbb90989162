import { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { type PackedRow, packRows, unpackRows } from "./packed-rows.ts";
import type { Range } from "./range.ts";
import { clipSegments, HOUR_MS, MINUTE_MS, type Segment } from "./resolution.ts";

const TABLES = {
  minutes: {
    rollup: Prisma.raw("ts.rollup_minute"),
    coverage: Prisma.raw("ts.coverage"),
    gauge: Prisma.raw("ts.gauge_minute"),
  },
  hours: {
    rollup: Prisma.raw("ts.rollup_hour"),
    coverage: Prisma.raw("ts.coverage_hour"),
    gauge: Prisma.raw("ts.gauge_hour"),
  },
} as const;

export const BUCKET_MS = { minutes: MINUTE_MS, hours: HOUR_MS } as const;

/** Whose reporting tells that a counter could have moved. */
export interface Reporters {
  /** Layouts that have the counter. */
  readonly layoutIds: readonly number[];
  /** The counter is rolled up while its minute is open, so that an open minute counts as reported. */
  readonly event: boolean;
}

/** A shard in a span of time. */
export interface ShardSpan extends Range {
  readonly shard: number;
}

/** A minute or an hour of all shards. */
export interface FleetBucket {
  readonly bucket: number;
  /** Decimal strings: sums of 64-bit counters. */
  readonly total: string;
  readonly peak: string;
}

export interface GaugeBucket {
  readonly bucket: number;
  /** Sum of the last values; a decimal string. */
  readonly last: string;
}

/** How many rows a counter has in the segments; reads the index alone. */
export async function countIncreaseRows(
  db: Db,
  counterIds: readonly number[],
  segments: readonly Segment[],
): Promise<number> {
  let count = 0;
  for (const segment of segments) {
    const [row] = await db.$queryRaw<{ count: number }[]>`
      SELECT count(*)::float8 AS count FROM ${TABLES[segment.of].rollup}
      WHERE counter_id = ANY(${[...counterIds]}::int[]) AND ${within(segment)}`;
    count += row?.count ?? 0;
  }
  return count;
}

/** The increases of a counter over all namespaces; reads the index alone. */
export function readTotals(db: Db, counterId: number, segments: readonly Segment[]): Promise<FleetBucket[]> {
  return each(
    segments,
    (segment) => db.$queryRaw<FleetBucket[]>`
    SELECT date_part('epoch', bucket) * 1000 AS bucket, sum(total)::text AS total, max(peak)::text AS peak
    FROM ${TABLES[segment.of].rollup}
    WHERE counter_id = ${counterId} AND ${within(segment)} GROUP BY bucket`,
  );
}

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
      WHERE bucket >= to_timestamp(from_s) AND bucket < to_timestamp(to_s) AND ${reportedBy(reporters, segment)}
        AND (NOT ${rated}::boolean OR covered_ms > 0) OFFSET 0)`;
  return rows.map(({ number }) => number);
}

/** The minutes of shards that were not over when they were rolled up, as "shard bucket"; reads the index for most. */
export async function readOpenMinutes(db: Db, segments: readonly Segment[]): Promise<Set<string>> {
  const open = new Set<string>();
  for (const segment of segments) {
    if (segment.of === "hours") continue;
    const rows = await db.$queryRaw<{ shard: number; bucket: number }[]>`
      SELECT shard, date_part('epoch', bucket) * 1000 AS bucket FROM ts.coverage WHERE ${within(segment)} AND open`;
    for (const { shard, bucket } of rows) open.add(`${shard} ${Math.round(bucket)}`);
  }
  return open;
}

/** A gauge over all namespaces; reads the index alone. */
export function readGaugeTotals(
  db: Db,
  counterId: number,
  segments: readonly Segment[],
): Promise<GaugeBucket[]> {
  return each(
    segments,
    (segment) => db.$queryRaw<GaugeBucket[]>`
    SELECT date_part('epoch', bucket) * 1000 AS bucket, sum(last)::text AS last
    FROM ${TABLES[segment.of].gauge}
    WHERE counter_id = ${counterId} AND ${within(segment)} GROUP BY bucket`,
  );
}

/**
 * The increases of counters by position (`readPositions`), in the order of time; the key is the counter.
 *
 * @param shards null for all
 */
export function readIncreaseRows(
  db: Db,
  counterIds: readonly number[],
  segments: readonly Segment[],
  shards: readonly number[] | null,
): Promise<PackedRow[]> {
  return packed(
    segments,
    (segment) => db.$queryRaw<Packed[]>`
    SELECT ${packRows("counter_id")} AS packed FROM ${TABLES[segment.of].rollup}
    WHERE counter_id = ANY(${[...counterIds]}::int[]) AND ${within(segment)} AND ${ofShards(shards)}`,
  );
}

/** A gauge by position (`readGauges`), in the order of time. */
export function readGaugeRows(
  db: Db,
  counterId: number,
  segments: readonly Segment[],
  shards: readonly number[] | null,
): Promise<PackedRow[]> {
  return packed(
    segments,
    (segment) => db.$queryRaw<Packed[]>`
    SELECT ${packRows("counter_id")} AS packed FROM ${TABLES[segment.of].gauge}
    WHERE counter_id = ${counterId} AND ${within(segment)} AND ${ofShards(shards)}`,
  );
}

/**
 * Covered ms by position (`readPositions`), in the order of time; 0 for a namespace that gave a baseline only. A
 * namespace whose layout changed in a bucket is in two rows of it.
 */
export function readCoverageRows(
  db: Db,
  reporters: Reporters,
  segments: readonly Segment[],
  shards: readonly number[] | null,
): Promise<PackedRow[]> {
  return packed(
    segments,
    (segment) => db.$queryRaw<Packed[]>`
    SELECT ${packRows("layout_id")} AS packed FROM ${TABLES[segment.of].coverage}
    WHERE ${within(segment)} AND ${reportedBy(reporters, segment)} AND ${ofShards(shards)}`,
  );
}

/** The same for some shards at some times, of which none overlap. */
export function readCoverageOf(
  db: Db,
  reporters: Reporters,
  segments: readonly Segment[],
  spans: readonly ShardSpan[],
): Promise<PackedRow[]> {
  return packed(segments, async (segment) => {
    const wanted = spans.flatMap(({ shard, ...span }) =>
      clipSegments([segment], span).map(({ from, to }) => ({ shard, from, to })),
    );
    if (wanted.length === 0) return [];
    // OFFSET 0 keeps the planner from turning the few look-ups into a scan of everybody's coverage.
    return db.$queryRaw<Packed[]>`
      SELECT ${packRows("layout_id")} AS packed
      FROM unnest(${wanted.map(({ shard }) => shard)}::int[], ${wanted.map(({ from }) => from / 1000)}::float8[],
                  ${wanted.map(({ to }) => to / 1000)}::float8[]) AS wanted(of_shard, from_s, to_s)
      CROSS JOIN LATERAL (
        SELECT shard, layout_id, bucket, data FROM ${TABLES[segment.of].coverage}
        WHERE shard = of_shard AND bucket >= to_timestamp(from_s) AND bucket < to_timestamp(to_s)
          AND ${reportedBy(reporters, segment)} OFFSET 0
      ) covered`;
  });
}

interface Packed {
  readonly packed: string | null;
}

async function packed(
  segments: readonly Segment[],
  read: (segment: Segment) => Promise<readonly Packed[]>,
): Promise<PackedRow[]> {
  const rows: PackedRow[] = [];
  for (const segment of segments) {
    const found = (await read(segment)).flatMap((row) => unpackRows(row.packed));
    for (const row of found.sort((a, b) => a.bucket - b.bucket)) rows.push(row);
  }
  return rows;
}

async function each<T extends { readonly bucket: number }>(
  segments: readonly Segment[],
  read: (segment: Segment) => Promise<readonly T[]>,
): Promise<T[]> {
  const rows: T[] = [];
  for (const segment of segments) {
    for (const row of await read(segment)) rows.push({ ...row, bucket: Math.round(row.bucket) });
  }
  return rows;
}

function within({ from, to }: Range): Prisma.Sql {
  return Prisma.sql`bucket >= to_timestamp(${from / 1000}::float8) AND bucket < to_timestamp(${to / 1000}::float8)`;
}

function ofShards(shards: readonly number[] | null): Prisma.Sql {
  return shards === null ? Prisma.sql`TRUE` : Prisma.sql`shard = ANY(${[...shards]}::int[])`;
}

/** Hours are of closed minutes alone. */
function reportedBy({ layoutIds, event }: Reporters, { of }: Segment): Prisma.Sql {
  const having = Prisma.sql`layout_id = ANY(${[...layoutIds]}::int[])`;
  return of === "hours" || event ? having : Prisma.sql`${having} AND NOT open`;
}
