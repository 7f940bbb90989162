import { readGaugeTrend } from "../store/queries/gauge-trend.ts";
import { shardsOf } from "../store/queries/membership.ts";
import type { Grid, Range } from "../store/queries/range.ts";
import { takesHours } from "../store/queries/steps.ts";
import { readTrend } from "../store/queries/trend.ts";
import type { Context } from "./context.ts";
import { askedGroups, type FleetShape } from "./fleet-shape.ts";
import { type AskedCounter, requireGauge, requireIncreasing, resolveCounter } from "./resolve-counter.ts";
import type { MeasureName, SeriesShape } from "./series.ts";

/** A counter and what is to be shown of it. */
export interface AskedMeasure {
  readonly asked: AskedCounter;
  readonly measure: MeasureName;
}

/** @throws NOT_FOUND for an unknown counter; BAD_REQUEST where the counter has no such measure */
export async function resolveMeasure(
  context: Context,
  counter: string,
  measure: MeasureName | null | undefined,
): Promise<AskedMeasure> {
  const asked = await resolveCounter(context, counter);
  if (measure === "LAST") requireGauge(asked);
  else requireIncreasing(asked, "rate or increase");
  return { asked, measure: measure ?? "RATE" };
}

export interface TrendSpan {
  /** Whole minutes. */
  readonly range: Range;
  readonly grid: Grid;
}

/**
 * One series for each group of a fleet's namespaces.
 *
 * @param groupBy labels; none for one series
 * @throws LIMIT_EXCEEDED for more labels, groups, values or rows than are given or read at once
 */
export async function readTrendSeries(
  context: Context,
  fleet: FleetShape,
  what: AskedMeasure,
  groupBy: readonly string[] | null | undefined,
  { range, grid }: TrendSpan,
): Promise<SeriesShape[]> {
  const { labels: seriesLabels, groups } = await askedGroups(context, fleet, groupBy, range, grid);
  const { asked, measure } = what;
  const { counterId, reporters } = asked;
  if (counterId === null) return seriesLabels.map((labels) => seriesShape(what, grid, labels, null));
  const shards = shardsOf(groups) ?? fleet.all.shards;
  context.budget.takeScan({ range, shards: shards.length, counters: 1, hours: takesHours(grid) });
  const query = { counterId, range, grid, groups, fleet: fleet.all, now: context.now() };
  if (measure === "LAST") {
    const found = await readGaugeTrend(context.db, query);
    return seriesLabels.map((labels, index) =>
      seriesShape(what, grid, labels, { values: found[index] ?? [], total: null }),
    );
  }
  const trends = await readTrend(context.db, { ...query, reporters, measure });
  return seriesLabels.map((labels, index) => seriesShape(what, grid, labels, trends[index] ?? null));
}

function seriesShape(
  { asked, measure }: AskedMeasure,
  grid: Grid,
  labels: Readonly<Record<string, string>>,
  trend: Pick<SeriesShape, "values" | "total"> | null,
): SeriesShape {
  const { name, unit } = asked.entry;
  return {
    counter: name,
    labels,
    unit: measure === "AFFECTED" ? "hosts" : measure === "RATE" ? `${unit}/s` : unit,
    start: grid.start,
    stepMs: grid.stepMs,
    values: trend?.values ?? new Array<null>(grid.length).fill(null),
    total: trend?.total ?? null,
    resets: [],
    gaps: [],
  };
}
