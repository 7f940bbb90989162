import type { Db } from "../client.ts";
import { PositionBuffer, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import type { Fleet } from "../fleet-view.ts";
import type { Groups } from "./groups.ts";
import { FIRST_OTHER_SHARD, rootBeside } from "./host-time.ts";
import { NO_GROUP } from "./membership.ts";
import type { PackedRow } from "./packed-rows.ts";
import type { Grid, Range } from "./range.ts";
import { readReported } from "./reported.ts";
import { clipSegments, HOUR_MS, planSegments, type Segment } from "./resolution.ts";
import {
  BUCKET_MS,
  countIncreaseRows,
  type Reporters,
  readCoverageOf,
  readCoverageRows,
  readIncreaseRows,
  type ShardSpan,
} from "./rollup-rows.ts";
import { NO_SERIES, type SeriesCell, SeriesCells } from "./series-cells.ts";
import { inOrder, partsOf, stepOf, takesHours } from "./steps.ts";
import { ownerIn } from "./trend.ts";
import { type SeriesPlaces, WindowSum } from "./window-sum.ts";

export interface WindowRatesQuery {
  readonly counterId: number;
  readonly reporters: Reporters;
  /** Whole minutes. */
  readonly range: Range;
  /** What windows are made of. */
  readonly grid: Grid;
  /** Steps that a window has. */
  readonly width: number;
  /** The step after the last of each window, ascending. */
  readonly ends: readonly number[];
  /** Without changes. */
  readonly groups: Groups;
  /** The series of each namespace of the groups, from 0; all of one series are in one group. */
  readonly seriesOf: ReadonlyMap<number, number>;
  /** A window's rate is that of the last minute in it that has one. */
  readonly lastMinute: boolean;
  readonly fleet: Pick<Fleet, "ownerOf" | "namespacesOf">;
  /** ms since 1970 */
  readonly now: number;
  /** Steps of series that are kept until they leave the window; of more they are read a second time. */
  readonly heldMost?: number;
}

/** Rows held at once. */
const ROWS_PER_PART = 6_000;
/** Of 20 bytes each. */
const HELD_MOST = 4_000_000;
/** Of the rows of coverage that there are, from this part on it is cheaper to read all than to choose. */
const DENSE = 0.25;
/** So few shards are always read whole. */
const FEW_SHARDS = 4;

/**
 * Rates over windows that may overlap, by group and window; null where none may be told of a group's series.
 *
 * A series' rate is what it grew by in the rated intervals of the window over the time that these covered, a group's the
 * sum of its series'. So neither the interval at which a host is read, nor one at which it was silent, sinks or raises a
 * sum, and a window says the same wherever it begins. A series of containers is told over the time that their host was
 * covered in the window, where that is longer (`rootBeside`), whether or not its root is asked for.
 */
export async function readWindowRates(db: Db, query: WindowRatesQuery): Promise<(number | null)[][]> {
  const { range, grid, width, ends, groups, lastMinute, now } = query;
  const segments = await planSegments(db, { range, hours: !lastMinute && takesHours(grid), now });
  const series = seriesWithHosts(query);
  const source = await sourceOf(db, query, series.of, segments);
  const values = groups.labels.map(() => new Array<number | null>(ends.length).fill(null));
  const rates = new Float64Array(groups.labels.length);
  const seriesCount = series.groupOf.length;

  const sum = new WindowSum(seriesCount, lastMinute);
  const held: SeriesCell[] = [];
  const isHeld = width * seriesCount <= (query.heldMost ?? HELD_MOST);
  const cells = () => readCells(db, { ...query, seriesOf: series.of }, segments, source);
  const again = isHeld ? null : cells();
  const leaveBefore = async (step: number) => {
    for (;;) {
      if (again !== null && held.length === 0) {
        const next = await again.next();
        if (next.done !== true) held.push(next.value);
      }
      const [cell] = held;
      if (cell === undefined || cell.step >= step) return;
      sum.leave(cell);
      held.shift();
    }
  };
  let told = 0;
  const tellUpTo = async (step: number) => {
    for (let end = ends[told]; end !== undefined && end <= step; end = ends[++told]) {
      await leaveBefore(end - width);
      sum.addRates(series, rates.fill(Number.NaN));
      rates.forEach((rate, group) => {
        const own = values[group];
        if (own !== undefined && !Number.isNaN(rate)) own[told] = rate;
      });
    }
  };
  for await (const cell of cells()) {
    await tellUpTo(cell.step);
    sum.enter(cell);
    if (isHeld) held.push(cell);
  }
  await tellUpTo(Number.POSITIVE_INFINITY);
  if (source.moved !== null) {
    const reported = { ...query, segments, hostOf: ownerIn(query.fleet), rated: true };
    setReported(values, await readReported(db, reported), query);
  }
  return values;
}

interface SeriesWithHosts extends SeriesPlaces {
  /** Of each namespace that is read. */
  readonly of: ReadonlyMap<number, number>;
}

/** The series asked for, and behind them those of the roots over whose time they are told and that are not asked for. */
function seriesWithHosts({ groups, seriesOf, fleet, lastMinute }: WindowRatesQuery): SeriesWithHosts {
  const of = new Map(seriesOf);
  const groupOf: number[] = [];
  for (const [namespaceId, series] of seriesOf) groupOf[series] = groups.of.get(namespaceId) as number;
  const hostOf = groupOf.map(() => NO_SERIES);
  // A minute is as long for a container as for its host.
  for (const [namespaceId, series] of lastMinute ? [] : seriesOf) {
    const root = rootBeside(fleet, namespaceId);
    if (root === null) continue;
    let host = of.get(root);
    if (host === undefined) {
      host = groupOf.push(NO_GROUP) - 1;
      hostOf.push(NO_SERIES);
      of.set(root, host);
    }
    hostOf[series] = host;
  }
  return { of, groupOf: Int32Array.from(groupOf), hostOf: Int32Array.from(hostOf) };
}

/** What is read of a range. */
interface Source {
  readonly shards: readonly number[];
  /**
   * All rows of the counter, and of which shards their coverage is needed at which times: of the others it is known that
   * they did not grow. Null where everybody's coverage is read.
   */
  readonly moved: { readonly rows: readonly PackedRow[]; readonly spans: readonly ShardSpan[] } | null;
  readonly partMs: number;
}

async function sourceOf(
  db: Db,
  { counterId, range, grid, width, fleet, lastMinute }: WindowRatesQuery,
  seriesOf: ReadonlyMap<number, number>,
  segments: readonly Segment[],
): Promise<Source> {
  const shards = [...new Set(Array.from(seriesOf.keys(), (namespaceId) => namespaceId >> 8))];
  const rowsMost =
    shards.length * segments.reduce((sum, { of, from, to }) => sum + (to - from) / BUCKET_MS[of], 0);
  const rangeMs = range.to - range.from;
  const all = { shards, moved: null, partMs: (rangeMs * ROWS_PER_PART) / Math.max(1, rowsMost) };
  if (shards.length <= FEW_SHARDS) return all;
  const rowCount = await countIncreaseRows(db, [counterId], segments);
  const finest = Math.min(...segments.map(({ of }) => BUCKET_MS[of]));
  // What lies in a window with a row: as much before it as behind.
  const coverage = rowCount * Math.ceil((2 * width * grid.stepMs) / finest);
  if (rowCount > ROWS_PER_PART || coverage > rowsMost * DENSE) return all;
  const rows = await readIncreaseRows(db, [counterId], segments, shards);
  const partMs = (rangeMs * ROWS_PER_PART) / Math.max(1, coverage);
  return {
    shards,
    moved: { rows, spans: spansAround(rows, grid, width, lastMinute ? null : fleet) },
    partMs,
  };
}

/**
 * The shards of rows, for the whole of the windows that the rows are in.
 *
 * @param fleet for the roots beside containers as well; null where these are not needed
 */
function spansAround(
  rows: readonly PackedRow[],
  grid: Grid,
  width: number,
  fleet: WindowRatesQuery["fleet"] | null,
): ShardSpan[] {
  const spans: ShardSpan[] = [];
  const lastOf = new Map<number, { shard: number; from: number; to: number }>();
  for (const row of rows) {
    const { bucket } = row;
    const step = stepOf(grid, bucket);
    const first = step - width + 1;
    // What began before the grid, a whole hour, is in its first step.
    const from = first <= 0 ? grid.start - HOUR_MS : grid.start + first * grid.stepMs;
    const to = grid.start + (step + width) * grid.stepMs;
    for (const shard of fleet === null ? [row.shard] : shardsBeside(row, fleet)) {
      const last = lastOf.get(shard);
      if (last !== undefined && from <= last.to) last.to = to;
      else {
        const span = { shard, from, to };
        lastOf.set(shard, span);
        spans.push(span);
      }
    }
  }
  return spans;
}

/** The shard of a row, and of containers those of their hosts' roots. */
function shardsBeside({ shard, data }: PackedRow, fleet: WindowRatesQuery["fleet"]): Set<number> {
  const shards = new Set([shard]);
  if (shard < FIRST_OTHER_SHARD) return shards;
  const buffer = new PositionBuffer();
  const count = readPositions(data, buffer);
  for (let index = 0; index < count; index++) {
    const root = rootBeside(fleet, shard * SHARD_SIZE + (buffer.positions[index] as number));
    if (root !== null) shards.add(root >> 8);
  }
  return shards;
}

async function* readCells(
  db: Db,
  { counterId, reporters, grid, seriesOf, lastMinute }: WindowRatesQuery,
  segments: readonly Segment[],
  { shards, moved, partMs }: Source,
): AsyncGenerator<SeriesCell, undefined> {
  const cells = new SeriesCells(grid, seriesOf, lastMinute);
  for (const segment of segments) {
    const bucketMs = BUCKET_MS[segment.of];
    for (const part of partsOf(segment, { start: segment.from, stepMs: bucketMs }, partMs)) {
      const within = clipSegments([segment], part);
      const coverage =
        moved === null
          ? await readCoverageRows(db, reporters, within, shards)
          : await readCoverageOf(db, reporters, within, moved.spans);
      const increases =
        moved === null
          ? await readIncreaseRows(db, [counterId], within, shards)
          : moved.rows.filter(({ bucket }) => bucket >= part.from && bucket < part.to);
      for (const { row, isFirst } of inOrder(coverage, increases)) {
        const over = cells.goTo(row.bucket, bucketMs);
        if (over !== null) yield over;
        if (isFirst) cells.addCoverage(row);
        else cells.addIncreases(row);
      }
    }
  }
  const last = cells.finish();
  if (last !== null) yield last;
}

/** Of a group that was there and did not grow, the rate is 0. */
function setReported(
  values: readonly (number | null)[][],
  reported: readonly Uint8Array[],
  { ends, width }: WindowRatesQuery,
): void {
  reported.forEach((flags, group) => {
    const own = values[group];
    if (own === undefined) return;
    let [step, last] = [0, Number.NEGATIVE_INFINITY];
    ends.forEach((end, window) => {
      for (; step < end; step++) if (flags[step] === 1) last = step;
      if (last >= end - width) own[window] ??= 0;
    });
  });
}
