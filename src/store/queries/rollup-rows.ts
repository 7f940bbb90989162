import { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { FIRST_OTHER_NAMESPACE } from "../directory.ts";
import { instant } from "../history/sources.ts";
import {
  type IncreaseRow,
  type PackedRow,
  packIncreases,
  packRows,
  unpackIncreases,
  unpackRows,
} from "./packed-rows.ts";
import type { Range } from "./range.ts";
import { clipSegments, HOUR_MS, MINUTE_MS, type Segment } from "./resolution.ts";

export const TABLES = {
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
  /** What the counter grew by; a decimal string, as sums of 64-bit counters are. */
  readonly total: string;
  /** What was asked of it, as a string too; null where only a look at the namespaces tells. */
  readonly value: string | null;
}

/** What the index of rollups says of all namespaces of a bucket. */
export type FleetValue = "INCREASE" | "PEAK" | "RATE" | "AFFECTED";

/** Shards from here on hold other namespaces than the roots, of which each host has one. */
const FIRST_OTHER_SHARD = FIRST_OTHER_NAMESPACE >> 8;

const FLEET_VALUES: Readonly<Record<FleetValue, Prisma.Sql>> = {
  INCREASE: Prisma.sql`sum(total)`,
  PEAK: Prisma.sql`max(peak)`,
  RATE: Prisma.sql`CASE WHEN bool_and(rate IS NOT NULL) THEN sum(rate) END`,
  // Namespaces that moved are as many hosts, where all are roots.
  AFFECTED: Prisma.sql`CASE WHEN max(shard) < ${FIRST_OTHER_SHARD}::int THEN sum(affected) END`,
};

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
  const rows = await ofSegments<{ count: number }>(
    db,
    segments,
    (segment) => Prisma.sql`
      SELECT count(*)::float8 AS count FROM ${TABLES[segment.of].rollup}
      WHERE counter_id = ANY(${[...counterIds]}::int[]) AND ${within(segment)}`,
  );
  return rows.reduce((sum, { count }) => sum + count, 0);
}

/**
 * A counter over all namespaces; reads the index alone. A value of "RATE" is of the namespaces that moved; "AFFECTED"
 * counts their hosts.
 */
export async function readTotals(
  db: Db,
  counterId: number,
  segments: readonly Segment[],
  of: FleetValue,
): Promise<FleetBucket[]> {
  // One text for all, as in packed-rows.ts.
  const rows = await ofSegments<Packed>(
    db,
    segments,
    (segment) => Prisma.sql`
      SELECT string_agg(concat_ws(' ', (date_part('epoch', bucket) / 60)::int, total, value), ',') AS packed
      FROM (SELECT bucket, sum(total) AS total, ${FLEET_VALUES[of]} AS value FROM ${TABLES[segment.of].rollup}
            WHERE counter_id = ${counterId} AND ${within(segment)} GROUP BY bucket) AS fleet`,
  );
  return rows.flatMap(({ packed }) =>
    (packed?.split(",") ?? []).map((one) => {
      const [minute, total = "0", value = null] = one.split(" ");
      return { bucket: Number(minute) * MINUTE_MS, total, value };
    }),
  );
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
  return ofSegments<GaugeBucket>(
    db,
    segments,
    (segment) => Prisma.sql`
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
): Promise<IncreaseRow[]> {
  return packed(
    db,
    segments,
    unpackIncreases,
    (segment) => Prisma.sql`
    SELECT ${packIncreases()} AS packed FROM ${TABLES[segment.of].rollup}
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
    db,
    segments,
    unpackRows,
    (segment) => Prisma.sql`
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
    db,
    segments,
    unpackRows,
    (segment) => Prisma.sql`
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
  const wantedIn = new Map<Segment, ShardSpan[]>();
  for (const segment of segments) {
    const wanted = spans.flatMap(({ shard, ...span }) =>
      clipSegments([segment], span).map(({ from, to }) => ({ shard, from, to })),
    );
    if (wanted.length > 0) wantedIn.set(segment, wanted);
  }
  return packed(db, [...wantedIn.keys()], unpackRows, (segment) => {
    const wanted = wantedIn.get(segment) ?? [];
    // OFFSET 0 keeps the planner from turning the few look-ups into a scan of everybody's coverage.
    return Prisma.sql`
      SELECT ${packRows("layout_id")} AS packed
      FROM unnest(${wanted.map(({ shard }) => shard)}::int[], ${wanted.map(({ from }) => from / 1000)}::float8[],
                  ${wanted.map(({ to }) => to / 1000)}::float8[]) AS wanted(of_shard, from_s, to_s)
      CROSS JOIN LATERAL (
        SELECT shard, layout_id, bucket, data FROM ${TABLES[segment.of].coverage}
        WHERE ${within(segment)} AND shard = of_shard AND bucket >= to_timestamp(from_s) AND bucket < to_timestamp(to_s)
          AND ${reportedBy(reporters, segment)} OFFSET 0
      ) covered`;
  });
}

interface Packed {
  readonly packed: string | null;
}

/** The rows of all segments, in the order of time. */
async function packed<T extends PackedRow>(
  db: Db,
  segments: readonly Segment[],
  unpack: (packed: string | null) => T[],
  select: (segment: Segment) => Prisma.Sql,
): Promise<T[]> {
  const found = (await ofSegments<Packed>(db, segments, select)).flatMap((row) => unpack(row.packed));
  return found.sort((a, b) => a.bucket - b.bucket);
}

/** Segments asked for in one statement. */
const SEGMENTS_MAX = 16;

/** What is selected of each segment, all of it in one statement where they are not many: most ranges have three. */
async function ofSegments<Row>(
  db: Db,
  segments: readonly Segment[],
  select: (segment: Segment) => Prisma.Sql,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let first = 0; first < segments.length; first += SEGMENTS_MAX) {
    const selects = segments.slice(first, first + SEGMENTS_MAX).map((one) => Prisma.sql`(${select(one)})`);
    rows.push(...(await db.$queryRaw<Row[]>(Prisma.join(selects, " UNION ALL "))));
  }
  return rows;
}

/** The condition on buckets. */
export function within({ from, to }: Range): Prisma.Sql {
  return Prisma.sql`bucket >= ${instant(from)} AND bucket < ${instant(to)}`;
}

export function ofShards(shards: readonly number[] | null): Prisma.Sql {
  return shards === null ? Prisma.sql`TRUE` : Prisma.sql`shard = ANY(${[...shards]}::int[])`;
}

/** The condition on coverage. Hours are of minutes that were over, unless one could not be rolled up for hours. */
export function reportedBy({ layoutIds, event }: Reporters, { of }: Segment): Prisma.Sql {
  const having = Prisma.sql`layout_id = ANY(${[...layoutIds]}::int[])`;
  return of === "hours" || event ? having : Prisma.sql`${having} AND NOT open`;
}
