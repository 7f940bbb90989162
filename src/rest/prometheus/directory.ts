import { type CounterEntry, counterEntry } from "../../catalog/catalog.ts";
import type { Context } from "../../graphql/context.ts";
import { findAskedCounter } from "../../graphql/resolve-counter.ts";
import { labelPredicate } from "../../store/host-filter.ts";
import { counterNames } from "../../store/layouts.ts";
import type { Labels } from "../../store/queries/groups.ts";
import { seriesOwners } from "./series-labels.ts";
import type { SeriesSelector } from "./syntax.ts";
import { keyOf } from "./vector.ts";

/** A counter that some host has sent. */
export interface Metric {
  readonly name: string;
  readonly entry: CounterEntry;
}

/** The metrics there are, by name. Of one that node_exporter has a name for that one, so that its dashboards find it. */
export async function listMetrics({ db }: Pick<Context, "db">): Promise<Metric[]> {
  const metrics = (await counterNames(db)).map((full) => {
    const entry = counterEntry(full);
    return { name: entry.aliases.find((alias) => alias.startsWith("node_")) ?? entry.name, entry };
  });
  return metrics.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The names of the metrics that a selector means, of those that some host has sent: an exact one as it was asked for. */
async function metricsOf(context: Context, { names }: SeriesSelector): Promise<string[]> {
  const [only] = names;
  if (names.length === 1 && only?.op === "EQ") {
    return (await findAskedCounter(context, only.value))?.counterId == null ? [] : [only.value];
  }
  const matches = labelPredicate(names);
  return (await listMetrics(context)).map(({ name }) => name).filter((name) => matches(() => name));
}

/**
 * Series that meet a selector, `most` of them: of every namespace that meets it, as it is called now. Whether the
 * namespace has the counter is not looked at.
 */
export async function matchingSeries(
  context: Context,
  selectors: readonly SeriesSelector[],
  most: number,
): Promise<Labels[]> {
  const fleet = await context.fleet.read();
  // A container made anew is the same series, and so is what two selectors mean.
  const found = new Map<string, Labels>();
  for (const selector of selectors) {
    const owners = seriesOwners(fleet, selector.matchers);
    for (const metric of await metricsOf(context, selector)) {
      for (const { labels } of owners) {
        if (found.size === most) return [...found.values()];
        const series = { __name__: metric, ...labels };
        found.set(keyOf(series), series);
      }
    }
  }
  return [...found.values()];
}

/** The values of each label, sorted; of the series that meet one of the selectors, or with none of them all. */
export async function labelValues(
  context: Context,
  selectors: readonly SeriesSelector[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const values = new Map<string, Set<string>>();
  const add = (name: string, value: string) => {
    const known = values.get(name);
    if (known === undefined) values.set(name, new Set([value]));
    else known.add(value);
  };
  const fleet = await context.fleet.read();
  // All there is, where nothing is asked for.
  const asked = selectors.length === 0 ? [{ names: [], matchers: [] }] : selectors;
  for (const selector of asked) {
    const metrics = await metricsOf(context, selector);
    if (metrics.length === 0) continue;
    for (const metric of metrics) add("__name__", metric);
    for (const { labels } of seriesOwners(fleet, selector.matchers)) {
      for (const [name, value] of Object.entries(labels)) add(name, value);
    }
  }
  return new Map([...values].map(([name, all]) => [name, [...all].sort()]));
}
