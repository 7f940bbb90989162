import { isConstant } from "../../catalog/catalog.ts";
import type { Context } from "../../graphql/context.ts";
import { type AskedCounter, findAskedCounter } from "../../graphql/resolve-counter.ts";
import { readGaugeTrend } from "../../store/queries/gauge-trend.ts";
import type { Groups } from "../../store/queries/groups.ts";
import { shardsOf } from "../../store/queries/membership.ts";
import { requireValues } from "../../store/queries/range.ts";
import { takesHours } from "../../store/queries/steps.ts";
import { readTrend } from "../../store/queries/trend.ts";
import { readWindowRates } from "../../store/queries/window-rates.ts";
import type { Need } from "./evaluate.ts";
import { notAnswered } from "./fault.ts";
import { type SeriesOwner, seriesOwners } from "./series-labels.ts";
import { settledTimes, type Times, type WindowGrid, windowGrid } from "./times.ts";
import { keyOf, pickLabels, type Sample } from "./vector.ts";

/** How long a value is shown after it was read, as Prometheus has it. */
const LOOKBACK_MS = 300_000;

/**
 * Series from the rollups of the fleet, by the service's own rules and not by extrapolation: an increase is what the
 * counters grew by, across resets, and a rate is over the time that was covered. The name of a metric is any that the
 * catalog knows; of one that nobody ever sent, there are no series.
 *
 * @throws CONFLICT for a name of several counters; NOT_SUPPORTED for a counter's bare value, a gauge's rate or a constant;
 *   LIMIT_EXCEEDED for more than is read at once
 */
export async function readSeries(context: Context, need: Need, times: Times): Promise<Sample[]> {
  const { selector, call, windowMs, sumBy } = need;
  const asked = await findAskedCounter(context, selector.metric);
  if (asked === null || asked.counterId === null) return [];
  requireFit(asked, need);
  const all = await context.fleet.read();
  const { labels, groups, seriesOf } = groupsOf(seriesOwners(all, selector.matchers), sumBy);
  if (labels.length === 0) return [];
  const window = windowGrid(settledTimes(times, context.now()), windowMs ?? LOOKBACK_MS);
  const { range, grid } = window;
  requireValues(labels.length, range, grid);
  context.budget.takeValues(labels.length * grid.length);
  const shards = shardsOf(groups) ?? all.shards;
  context.budget.takeScan({ range, shards: shards.length, counters: 1, hours: takesHours(grid) });
  const query = { counterId: asked.counterId, range, grid, groups, fleet: all, now: context.now() };
  const counted = { ...query, reporters: asked.reporters };
  const { db } = context;
  let values: readonly (readonly (number | null)[])[];
  if (call === null) {
    const cells = await readGaugeTrend(db, { ...query, lastMinute: true });
    values = cells.map((own) => overWindows(own, window, times, (present) => present.at(-1) ?? null));
  } else if (call === "increase") {
    const trends = await readTrend(db, { ...counted, measure: "INCREASE" });
    values = trends.map((own) => overWindows(own.values, window, times, sumOf));
  } else {
    const ends = Array.from({ length: times.length }, (_, time) => window.endOf(time));
    const { width } = window;
    values = await readWindowRates(db, { ...counted, width, ends, seriesOf, lastMinute: call === "irate" });
  }
  const named = call === null ? { __name__: selector.metric } : {};
  return labels.flatMap((own, index) => {
    const found = values[index] ?? [];
    // Namespaces are known long after they have ended: of those that say nothing there is no series.
    return found.every((value) => value === null) ? [] : [{ labels: { ...named, ...own }, values: found }];
  });
}

function requireFit({ entry }: AskedCounter, { selector, call }: Need): void {
  const { metric } = selector;
  if (isConstant(entry.name)) {
    throw notAnswered(
      `${metric}, a constant of which no course over time is kept,`,
      "ask GraphQL for the `latest` value of a host",
    );
  }
  if (call === null && entry.kind !== "GAUGE") {
    throw notAnswered(
      `the bare value of ${metric}, a counter,`,
      `ask for rate(${metric}[5m]) or increase(${metric}[5m])`,
    );
  }
  if (call !== null && entry.kind === "GAUGE") {
    throw notAnswered(`${call} of ${metric}, a gauge that goes up and down,`, `ask for ${metric} itself`);
  }
}

interface Grouped {
  /** Of the groups. */
  readonly labels: readonly Sample["labels"][];
  readonly groups: Groups;
  /** The series of each namespace, from 0. */
  readonly seriesOf: ReadonlyMap<number, number>;
}

/** Every series by itself, or added up by labels. Namespaces of one name are one series: a container made anew goes on. */
function groupsOf(owners: readonly SeriesOwner[], sumBy: readonly string[] | null): Grouped {
  const series = new LabelIndex();
  const groups = new LabelIndex();
  const seriesOf = new Map<number, number>();
  const of = new Map<number, number>();
  for (const { namespaceId, labels } of owners) {
    const own = series.of(labels);
    seriesOf.set(namespaceId, own);
    of.set(
      namespaceId,
      sumBy === null ? own : groups.of(pickLabels(labels, { except: false, names: sumBy })),
    );
  }
  const { labels } = sumBy === null ? series : groups;
  return { labels, groups: { labels, of, changes: [] }, seriesOf };
}

/** A number from 0 for each set of labels. */
class LabelIndex {
  readonly labels: Sample["labels"][] = [];
  readonly #known = new Map<string, number>();

  of(labels: Sample["labels"]): number {
    const key = keyOf(labels);
    let index = this.#known.get(key);
    if (index === undefined) {
      index = this.labels.push(labels) - 1;
      this.#known.set(key, index);
    }
    return index;
  }
}

/** What the cells of each time's window come to; null where none of them has a value. */
function overWindows(
  cells: readonly (number | null)[],
  { width, endOf }: WindowGrid,
  { length }: Times,
  of: (present: readonly number[]) => number | null,
): (number | null)[] {
  return Array.from({ length }, (_, time) => {
    const end = endOf(time);
    return of(cells.slice(Math.max(0, end - width), end).filter((value) => value !== null));
  });
}

function sumOf(present: readonly number[]): number | null {
  return present.length === 0 ? null : present.reduce((total, value) => total + value, 0);
}
