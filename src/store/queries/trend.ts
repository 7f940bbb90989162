import { addCounts, type Count, subtractCounts, toCount } from "../../protocol/count.ts";
import type { Db } from "../client.ts";
import type { Grid, Range } from "./range.ts";
import {
  forEachNamespace,
  partsOf,
  readCoverage,
  readCoverageRows,
  readIncreaseRows,
  readTotals,
} from "./rollup-rows.ts";

/** AFFECTED counts hosts; PEAK is the highest increase of one namespace in one minute. */
export type TrendMeasure = "RATE" | "INCREASE" | "AFFECTED" | "PEAK";

/** Which namespaces a trend is over, and into which of several series each goes. */
export interface TrendGroups {
  /** Index of the series by namespace; one that is not in it is left out. */
  readonly of: ReadonlyMap<number, number>;
  readonly count: number;
}

export interface TrendQuery {
  readonly counterId: number;
  /** Layouts that have the counter. */
  readonly layoutIds: readonly number[];
  /** The counter is rolled up while its minute is open. */
  readonly event: boolean;
  /** Whole minutes; what lies outside of them is not counted, though it may lie in the first or last step. */
  readonly range: Range;
  readonly grid: Grid;
  readonly measure: TrendMeasure;
  /** Null for one series over every namespace there is. */
  readonly groups: TrendGroups | null;
  readonly hostOf: (namespaceId: number) => number;
}

export interface Trend {
  /** One for each step; null where nobody reported, or for RATE where no rate may be told. */
  readonly values: readonly (number | null)[];
  /** The exact increase over the range. */
  readonly total: Count;
}

/** What a group did in one step. */
interface StepSum {
  reported: boolean;
  total: Count;
  peak: Count;
  readonly hosts: Set<number>;
  /** By namespace: what it grew by in rated intervals, and the ms that these covered. */
  readonly rated: Map<number, { value: number; ms: number }>;
}

/**
 * The course of a counter over a fleet, one series for each group.
 *
 * A rate is the sum of the namespaces' rates: each what it grew by in rated intervals of the step, over the
 * time that these covered. So a namespace that was silent for a part of the step, or has another interval
 * than its neighbours, neither sinks nor raises the sum. The step should be no shorter than the intervals.
 */
export async function readTrend(db: Db, query: TrendQuery): Promise<Trend[]> {
  const { groups, measure } = query;
  const indexAlone = groups === null && (measure === "INCREASE" || measure === "PEAK");
  return indexAlone ? [await wholeFleet(db, query)] : byNamespace(db, query);
}

/** Increase and peak of everything: totals stand in the index. */
async function wholeFleet(
  db: Db,
  { counterId, layoutIds, event, range, grid, measure }: TrendQuery,
): Promise<Trend> {
  const steps = Array.from({ length: grid.length }, newStep);
  for (const { minute } of await readCoverage(db, layoutIds, range, event)) {
    const step = steps[stepOf(grid, minute)];
    if (step !== undefined) step.reported = true;
  }
  for (const row of await readTotals(db, counterId, range)) {
    const step = steps[stepOf(grid, row.minute)];
    if (step === undefined) continue;
    step.reported = true;
    step.total = addCounts(step.total, toCount(BigInt(row.total)));
    step.peak = larger(step.peak, toCount(BigInt(row.peak)));
  }
  return {
    values: steps.map((step) => measured(step, measure)),
    total: steps.reduce<Count>((sum, step) => addCounts(sum, step.total), 0),
  };
}

async function byNamespace(db: Db, query: TrendQuery): Promise<Trend[]> {
  const { grid, measure, groups } = query;
  const trends = Array.from({ length: groups?.count ?? 1 }, () => ({
    values: new Array<number | null>(grid.length).fill(null),
    total: 0 as Count,
  }));
  for (const part of partsOf(query.range, grid.stepMs)) {
    for (const [index, sums] of await sumPart(db, query, part)) {
      sums.forEach((sum, group) => {
        const trend = trends[group];
        if (trend === undefined) return;
        trend.values[index] = measured(sum, measure);
        trend.total = addCounts(trend.total, sum.total);
      });
    }
  }
  return trends;
}

/** The sums of every group, by the index of their step. */
async function sumPart(db: Db, query: TrendQuery, part: Range): Promise<Map<number, StepSum[]>> {
  const { counterId, layoutIds, event, grid, groups, hostOf } = query;
  const steps = new Map<number, StepSum[]>();
  const sumOf = (minute: number, namespaceId: number): StepSum | undefined => {
    const group = groups === null ? 0 : groups.of.get(namespaceId);
    if (group === undefined) return undefined;
    const index = stepOf(grid, minute);
    let sums = steps.get(index);
    if (sums === undefined) {
      sums = Array.from({ length: groups?.count ?? 1 }, newStep);
      steps.set(index, sums);
    }
    return sums[group];
  };

  for (const row of await readCoverageRows(db, layoutIds, part, event)) {
    forEachNamespace(row, (namespaceId, coveredMs) => {
      const sum = sumOf(row.minute, namespaceId);
      if (sum === undefined) return;
      sum.reported = true;
      if (coveredMs !== 0) ratedOf(sum, namespaceId).ms += Number(coveredMs);
    });
  }
  for (const row of await readIncreaseRows(db, counterId, part)) {
    forEachNamespace(row, (namespaceId, value, unrated) => {
      const sum = sumOf(row.minute, namespaceId);
      if (sum === undefined) return;
      sum.reported = true;
      sum.total = addCounts(sum.total, value);
      sum.peak = larger(sum.peak, value);
      sum.hosts.add(hostOf(namespaceId));
      ratedOf(sum, namespaceId).value += Number(subtractCounts(value, unrated));
    });
  }
  return steps;
}

function newStep(): StepSum {
  return { reported: false, total: 0, peak: 0, hosts: new Set(), rated: new Map() };
}

function ratedOf(sum: StepSum, namespaceId: number): { value: number; ms: number } {
  let rated = sum.rated.get(namespaceId);
  if (rated === undefined) {
    rated = { value: 0, ms: 0 };
    sum.rated.set(namespaceId, rated);
  }
  return rated;
}

function stepOf(grid: Grid, minute: number): number {
  return Math.floor((Math.round(minute) - grid.start) / grid.stepMs);
}

function larger(a: Count, b: Count): Count {
  return b > a ? b : a;
}

function measured(step: StepSum, measure: TrendMeasure): number | null {
  if (!step.reported) return null;
  switch (measure) {
    case "INCREASE":
      return Number(step.total);
    case "PEAK":
      return Number(step.peak);
    case "AFFECTED":
      return step.hosts.size;
    case "RATE": {
      let rate: number | null = null;
      for (const { value, ms } of step.rated.values()) {
        if (ms > 0) rate = (rate ?? 0) + (value * 1000) / ms;
      }
      return rate;
    }
  }
}
