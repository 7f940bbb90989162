import type { Context } from "../../graphql/context.ts";
import { type AskedCounter, findAskedCounter } from "../../graphql/resolve-counter.ts";
import { readGaugeTrend } from "../../store/queries/gauge-trend.ts";
import type { Groups } from "../../store/queries/groups.ts";
import { requireValues } from "../../store/queries/range.ts";
import { readTrend } from "../../store/queries/trend.ts";
import type { Need } from "./evaluate.ts";
import { notAnswered } from "./fault.ts";
import { type SeriesOwner, seriesOwners } from "./series-labels.ts";
import { type Times, type WindowGrid, windowGrid } from "./times.ts";
import { keyOf, pickLabels, type Sample } from "./vector.ts";

/** How long a value is shown after it was read, as Prometheus has it. */
const LOOKBACK_MS = 300_000;

/**
 * Series from the rollups of the fleet, by the service's own rules and not by extrapolation: an increase is what the
 * counters grew by, across resets, and a rate is over the time that was covered. The name of a metric is any that the
 * catalog knows; of one that nobody ever sent, there are no series.
 *
 * @throws CONFLICT for a name of several counters; NOT_SUPPORTED for a counter's bare value or a gauge's rate;
 *   LIMIT_EXCEEDED for more than is read at once
 */
export async function readSeries(context: Context, need: Need, times: Times): Promise<Sample[]> {
  const { selector, call, windowMs, sumBy } = need;
  const asked = await findAskedCounter(context, selector.metric);
  if (asked === null || asked.counterId === null) return [];
  requireFit(asked, need);
  const all = await context.fleet.read();
  const { labels, groups } = groupsOf(seriesOwners(all, selector.matchers), sumBy);
  if (labels.length === 0) return [];
  const window = windowGrid(times, windowMs ?? LOOKBACK_MS, call === "irate");
  const { range, grid } = window;
  requireValues(labels.length, range, grid);
  context.budget.takeValues(labels.length * grid.length);
  const query = { counterId: asked.counterId, range, grid, groups, fleet: all, now: context.now() };
  const cells =
    call === null
      ? await readGaugeTrend(context.db, { ...query, lastMinute: true })
      : (
          await readTrend(context.db, {
            ...query,
            reporters: asked.reporters,
            measure: call === "increase" ? "INCREASE" : "RATE",
          })
        ).map(({ values }) => values);
  const named = call === null ? { __name__: selector.metric } : {};
  return labels.flatMap((own, index) => {
    const values = overWindows(cells[index] ?? [], window, times, call);
    // Namespaces are known long after they have ended: of those that say nothing there is no series.
    return values.every((value) => value === null) ? [] : [{ labels: { ...named, ...own }, values }];
  });
}

function requireFit({ entry }: AskedCounter, { selector, call }: Need): void {
  const { metric } = selector;
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

/** Every series by itself, or added up by labels. Namespaces of one name are one series: a container made anew goes on. */
function groupsOf(
  owners: readonly SeriesOwner[],
  sumBy: readonly string[] | null,
): { labels: readonly Sample["labels"][]; groups: Groups } {
  const labels: Sample["labels"][] = [];
  const known = new Map<string, number>();
  const of = new Map<number, number>();
  for (const owner of owners) {
    const own = sumBy === null ? owner.labels : pickLabels(owner.labels, { except: false, names: sumBy });
    const key = keyOf(own);
    let group = known.get(key);
    if (group === undefined) {
      group = labels.push(own) - 1;
      known.set(key, group);
    }
    of.set(owner.namespaceId, group);
  }
  return { labels, groups: { labels, of, changes: [] } };
}

/** What the cells of each time's window come to; null where none of them has a value. */
function overWindows(
  cells: readonly (number | null)[],
  { width, endOf }: WindowGrid,
  { length }: Times,
  call: Need["call"],
): (number | null)[] {
  return Array.from({ length }, (_, time) => {
    const end = endOf(time);
    const present = cells.slice(Math.max(0, end - width), end).filter((value) => value !== null);
    const last = present.at(-1);
    if (last === undefined) return null;
    if (call === null || call === "irate") return last;
    const sum = present.reduce((total, value) => total + value, 0);
    // A minute that was not covered has no rate, and neither sinks nor raises that of the window.
    return call === "increase" ? sum : sum / present.length;
  });
}
