import { addCounts, type Count, toCount } from "../../protocol/count.ts";
import type { Db } from "../client.ts";
import type { Grid, Range } from "./range.ts";
import {
  type NamespaceMinute,
  readCoverage,
  readCoverageByNamespace,
  readIncreasesByNamespace,
  readTotals,
} from "./rollup-rows.ts";

/** AFFECTED counts hosts; PEAK is the highest increase of one namespace. */
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
  readonly grid: Grid;
  readonly measure: TrendMeasure;
  /** Null for one series over every namespace there is. */
  readonly groups: TrendGroups | null;
  readonly hostOf: (namespaceId: number) => number;
}

export interface Trend {
  /** One for each step; null where nobody reported, or for RATE where no rate may be told. */
  readonly values: readonly (number | null)[];
  /** The exact increase over all steps. */
  readonly total: Count;
}

/** What a series did in one minute. */
interface Minute {
  total: Count;
  unrated: Count;
  peak: Count;
  reporters: number;
  coveredMs: number;
  readonly hosts: Set<number>;
}

/**
 * The course of a counter over a fleet, one series for each group.
 *
 * A rate is the mean, over the minutes of a step in which anybody reported, of the sum of the namespaces'
 * rates: what they grew by in rated intervals, over the time that these covered. So a fleet half of which is
 * silent shows the rate of the other half, and not half of it.
 */
export async function readTrend(db: Db, query: TrendQuery): Promise<Trend[]> {
  const { grid, groups, measure } = query;
  const range = { from: grid.start, to: grid.start + grid.length * grid.stepMs };
  const series =
    groups === null && measure !== "AFFECTED"
      ? [await wholeFleet(db, query, range)]
      : await byGroup(db, query, range);
  return series.map((minutes) => fold(minutes, grid, measure));
}

async function wholeFleet(db: Db, query: TrendQuery, range: Range): Promise<Map<number, Minute>> {
  const minutes = new Map<number, Minute>();
  for (const row of await readCoverage(db, query.layoutIds, range, query.event)) {
    const minute = minuteIn(minutes, row.minute);
    minute.reporters = row.reporters;
    minute.coveredMs = row.coveredMs;
  }
  for (const row of await readTotals(db, query.counterId, range)) {
    const minute = minuteIn(minutes, row.minute);
    minute.total = toCount(BigInt(row.total));
    minute.unrated = toCount(BigInt(row.unrated));
    minute.peak = toCount(BigInt(row.peak));
  }
  return minutes;
}

async function byGroup(db: Db, query: TrendQuery, range: Range): Promise<Map<number, Minute>[]> {
  const { groups, hostOf } = query;
  const series = Array.from({ length: groups?.count ?? 1 }, () => new Map<number, Minute>());
  const minuteOfRow = (row: NamespaceMinute): Minute | null => {
    const index = groups === null ? 0 : groups.of.get(row.namespaceId);
    const minutes = index === undefined ? undefined : series[index];
    return minutes === undefined ? null : minuteIn(minutes, row.minute);
  };
  for (const row of await readCoverageByNamespace(db, query.layoutIds, range, query.event)) {
    const minute = minuteOfRow(row);
    if (minute === null || row.value === 0) continue;
    minute.reporters++;
    minute.coveredMs += Number(row.value);
  }
  for (const row of await readIncreasesByNamespace(db, query.counterId, range)) {
    const minute = minuteOfRow(row);
    if (minute === null) continue;
    minute.total = addCounts(minute.total, row.value);
    minute.unrated = addCounts(minute.unrated, row.unrated);
    if (row.value > minute.peak) minute.peak = row.value;
    minute.hosts.add(hostOf(row.namespaceId));
  }
  return series;
}

function minuteIn(minutes: Map<number, Minute>, at: number): Minute {
  let minute = minutes.get(at);
  if (minute === undefined) {
    minute = { total: 0, unrated: 0, peak: 0, reporters: 0, coveredMs: 0, hosts: new Set() };
    minutes.set(at, minute);
  }
  return minute;
}

function fold(minutes: ReadonlyMap<number, Minute>, grid: Grid, measure: TrendMeasure): Trend {
  const steps: Minute[][] = Array.from({ length: grid.length }, () => []);
  let total: Count = 0;
  for (const [at, minute] of minutes) {
    steps[Math.floor((at - grid.start) / grid.stepMs)]?.push(minute);
    total = addCounts(total, minute.total);
  }
  return { values: steps.map((step) => measured(step, measure)), total };
}

function measured(step: readonly Minute[], measure: TrendMeasure): number | null {
  if (step.length === 0) return null;
  switch (measure) {
    case "INCREASE":
      return Number(step.reduce<Count>((sum, minute) => addCounts(sum, minute.total), 0));
    case "PEAK":
      return Math.max(...step.map((minute) => Number(minute.peak)));
    case "AFFECTED":
      return new Set(step.flatMap((minute) => [...minute.hosts])).size;
    case "RATE": {
      const rates = step.flatMap(({ total, unrated, reporters, coveredMs }) =>
        coveredMs > 0 ? [((Number(total) - Number(unrated)) * reporters * 1000) / coveredMs] : [],
      );
      return rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    }
  }
}
