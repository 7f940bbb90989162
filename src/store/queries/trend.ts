import { addCounts, type Count, toCount } from "../../protocol/count.ts";
import type { Db } from "../client.ts";
import { PositionBuffer, readPositions } from "../codec/positions.ts";
import type { Fleet } from "../fleet-view.ts";
import type { Groups } from "./groups.ts";
import { Membership, NO_GROUP, shardsOf } from "./membership.ts";
import type { IncreaseRow, PackedRow } from "./packed-rows.ts";
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
  readTotals,
  type ShardSpan,
} from "./rollup-rows.ts";
import { inOrder, partsOf, stepOf, takesHours } from "./steps.ts";
import { type TrendMeasure, TrendSum } from "./trend-sum.ts";

export type { TrendMeasure } from "./trend-sum.ts";

export interface TrendQuery {
  readonly counterId: number;
  readonly reporters: Reporters;
  /** Whole minutes; what lies outside of them is not counted, though it may lie in the first or last step. */
  readonly range: Range;
  readonly grid: Grid;
  readonly measure: TrendMeasure;
  /** Null for one series over every namespace there is. */
  readonly groups: Groups | null;
  readonly fleet: Pick<Fleet, "ownerOf" | "shards">;
  /** ms since 1970 */
  readonly now: number;
}

export interface Trend {
  /** One for each step; null where nobody reported, or for RATE where no rate may be told. */
  readonly values: readonly (number | null)[];
  /** The exact increase over the range; null where nothing grew and no step has a value. */
  readonly total: Count | null;
}

/** Rows held at once. */
const ROWS_PER_PART = 6_000;
/** Of the rows that there can be, from this part on it is cheaper to read all coverage than to choose. */
const DENSE = 0.25;
/** So few shards are always read whole. */
const FEW_SHARDS = 4;

/**
 * The course of a counter over a fleet, one series for each group; from hours where the steps are of whole hours.
 *
 * A rate is the sum of the namespaces' rates: each what it grew by in rated intervals of the step, over the
 * time that these covered. So a namespace that was silent for a part of the step, or has another interval
 * than its neighbours, neither sinks nor raises the sum. The step should be no shorter than the intervals.
 *
 * A namespace whose group changes within a step is two namespaces in it, each with what it did meanwhile.
 */
export async function readTrend(db: Db, query: TrendQuery): Promise<Trend[]> {
  const { range, grid, groups, measure, now } = query;
  const segments = await planSegments(db, {
    range,
    hours: takesHours(grid),
    now,
    cuts: groups?.changes.map(({ from }) => from) ?? [],
  });
  const indexAlone = groups === null && (measure === "INCREASE" || isOneRow(grid, segments));
  const whole = indexAlone ? await wholeFleet(db, query, segments) : null;
  return whole === null ? byNamespace(db, query, segments) : [whole];
}

/** Whether a step is one row's time: then what a row says of its namespaces holds for the step. */
function isOneRow({ stepMs }: Grid, segments: readonly Segment[]): boolean {
  return segments.every(({ of }) => BUCKET_MS[of] === stepMs);
}

/** Everything in one series, which the index alone tells; null where it does not. */
async function wholeFleet(db: Db, query: TrendQuery, segments: readonly Segment[]): Promise<Trend | null> {
  const { grid, measure, counterId } = query;
  const rows = await readTotals(db, counterId, segments, measure);
  if (rows.some(({ value }) => value === null)) return null;
  const steps: (Count | null)[] = new Array(grid.length).fill(null);
  const [reported] = await reportedSteps(db, query, segments);
  reported?.forEach((flag, step) => {
    if (flag === 1) steps[step] = 0;
  });
  let total: Count = 0;
  for (const row of rows) {
    const step = stepOf(grid, row.bucket);
    const grown = toCount(BigInt(row.total));
    total = addCounts(total, grown);
    if (measure === "INCREASE") steps[step] = addCounts(steps[step] ?? 0, grown);
    // The row's is the step's. Of what nobody had a rated interval of, there is a row and no rate.
    else if (measure !== "RATE" || steps[step] === 0) steps[step] = Number(row.value);
  }
  return knownTrend(
    steps.map((step) => (step === null ? null : Number(step))),
    total,
  );
}

async function byNamespace(db: Db, query: TrendQuery, segments: readonly Segment[]): Promise<Trend[]> {
  const { counterId, range, grid, groups, measure } = query;
  const shards = shardsOf(groups);
  const shardCount = shards?.length ?? query.fleet.shards.length;
  const rowCount = await countIncreaseRows(db, [counterId], segments);
  const rowsMost =
    shardCount * segments.reduce((sum, one) => sum + (one.to - one.from) / BUCKET_MS[one.of], 0);
  const dense = shardCount <= FEW_SHARDS || rowCount > rowsMost * DENSE;
  const readAll = measure === "RATE" && dense;
  const oneRow = isOneRow(grid, segments);
  const rowByRow = readAll && oneRow && shardCount > FEW_SHARDS;

  const sum = new TrendSum(grid, measure, new Membership(groups, ownerIn(query.fleet)));
  const rates = new RowRates(sum, oneRow ? new Membership(groups, ownerIn(query.fleet)) : null);
  const partMs =
    ((range.to - range.from) * ROWS_PER_PART) /
    Math.max(1, readAll ? rowsMost : Math.min(rowCount, rowsMost));
  for (const part of partsOf(range, grid, partMs)) {
    const within = clipSegments(segments, withStart(part, range, segments));
    const rows = await readIncreaseRows(db, [counterId], within, shards);
    if (rowByRow) {
      const covered = byShardAndTime(await readCoverageRows(db, query.reporters, within, shards));
      for (const row of rows) sum.addRates(row, covered.get(placeOf(row)) ?? []);
      continue;
    }
    const increases = measure === "RATE" && !readAll ? rows.filter((row) => !rates.take(row)) : rows;
    const moved = measure === "RATE" && !readAll ? movedIn(increases, grid) : null;
    let coverage: PackedRow[] = [];
    if (readAll) coverage = await readCoverageRows(db, query.reporters, within, shards);
    else if (moved !== null) {
      coverage = await readCoverageOf(db, query.reporters, within, spansOf(moved, grid));
    }
    for (const { row, isFirst } of inOrder(coverage, increases)) {
      if (!isFirst) sum.addIncreases(row);
      else sum.addCoverage(row, moved?.get(row.shard)?.get(stepOf(grid, row.bucket)) ?? null);
    }
  }
  sum.finish();

  const reported = readAll && !rowByRow ? [] : await reportedSteps(db, query, segments);
  return sum.values.map((values, group) => {
    reported[group]?.forEach((flag, step) => {
      if (flag === 1) values[step] ??= 0;
    });
    return knownTrend(values, sum.total(group));
  });
}

/** Where nobody reported, or what was reported is not kept any more, nothing is known, and not 0. */
function knownTrend(values: readonly (number | null)[], total: Count): Trend {
  return { values, total: total === 0 && values.every((value) => value === null) ? null : total };
}

function byShardAndTime(rows: readonly PackedRow[]): Map<number, PackedRow[]> {
  const places = new Map<number, PackedRow[]>();
  for (const row of rows) {
    const own = places.get(placeOf(row));
    if (own === undefined) places.set(placeOf(row), [row]);
    else own.push(row);
  }
  return places;
}

/** One number for each shard and minute: minutes since 1970 are below 2^26 for the next 90 years. */
function placeOf({ shard, bucket }: PackedRow): number {
  return shard * 2 ** 26 + bucket / 60_000;
}

/** Takes the rates of rows as they stand in them, as far as that goes: what is left needs coverage. */
class RowRates {
  readonly #sum: TrendSum;
  readonly #membership: Membership | null;
  readonly #buffer = new PositionBuffer();

  /** @param membership null where a step has several rows, whose rates do not add up to its own */
  constructor(sum: TrendSum, membership: Membership | null) {
    this.#sum = sum;
    this.#membership = membership;
  }

  /** Rows come in the order of time. @returns false for a row that does not say, or is of several groups */
  take({ rate, bucket, shard, data }: IncreaseRow): boolean {
    if (this.#membership === null || Number.isNaN(rate)) return false;
    this.#membership.advance(bucket, () => undefined);
    const members = this.#membership.of(shard);
    if (members === null) return true;
    const count = readPositions(data, this.#buffer);
    const groupAt = (index: number) => members.group[this.#buffer.positions[index] as number] as number;
    const group = groupAt(0);
    for (let index = 1; index < count; index++) if (groupAt(index) !== group) return false;
    if (group !== NO_GROUP) this.#sum.addRate(group, bucket, rate, this.#buffer);
    return true;
  }
}

/** The first part of a range begins where its first segment does, which may be a whole hour. */
function withStart(part: Range, range: Range, segments: readonly Segment[]): Range {
  return part.from === range.from ? { from: segments[0]?.from ?? part.from, to: part.to } : part;
}

/** Which groups reported in which steps. */
function reportedSteps(db: Db, query: TrendQuery, segments: readonly Segment[]): Promise<Uint8Array[]> {
  const { reporters, grid, groups, measure, fleet } = query;
  return readReported(db, {
    reporters,
    segments,
    grid,
    groups,
    hostOf: ownerIn(fleet),
    rated: measure === "RATE",
  });
}

/** Positions, by shard and step. */
type Moved = ReadonlyMap<number, ReadonlyMap<number, ReadonlySet<number>>>;

/** Which namespaces moved in which steps. */
function movedIn(increases: readonly PackedRow[], grid: Grid): Moved {
  const moved = new Map<number, Map<number, Set<number>>>();
  const buffer = new PositionBuffer();
  for (const { shard, bucket, data } of increases) {
    const steps = moved.get(shard) ?? new Map<number, Set<number>>();
    moved.set(shard, steps);
    const step = stepOf(grid, bucket);
    const positions = steps.get(step) ?? new Set<number>();
    steps.set(step, positions);
    const count = readPositions(data, buffer);
    for (let index = 0; index < count; index++) positions.add(buffer.positions[index] as number);
  }
  return moved;
}

/** The shards that moved, for the whole of the steps in which they did: that much time their rates are over. */
function spansOf(moved: Moved, grid: Grid): ShardSpan[] {
  const spans: ShardSpan[] = [];
  for (const [shard, steps] of moved) {
    let last: { shard: number; from: number; to: number } | undefined;
    for (const step of [...steps.keys()].sort((a, b) => a - b)) {
      // What began before the grid, a whole hour, is in its first step.
      const from = step === 0 ? grid.start - HOUR_MS : grid.start + step * grid.stepMs;
      const to = grid.start + (step + 1) * grid.stepMs;
      if (last?.to === from) last.to = to;
      else {
        last = { shard, from, to };
        spans.push(last);
      }
    }
  }
  return spans;
}

/** The host of a namespace; a negative number of its own for one whose host has gone or is not known yet. */
export function ownerIn({ ownerOf }: Pick<Fleet, "ownerOf">): (namespaceId: number) => number {
  return (namespaceId) => ownerOf.get(namespaceId) ?? -1 - namespaceId;
}
