import { type CounterEntry, counterEntry } from "../../catalog/catalog.ts";
import type { Context } from "../../graphql/context.ts";
import { findAskedCounter } from "../../graphql/resolve-counter.ts";
import { counterNames } from "../../store/layouts.ts";
import type { Labels } from "../../store/queries/groups.ts";
import { badQuery } from "./fault.ts";
import { parseQuery } from "./parse.ts";
import { seriesOwners } from "./series-labels.ts";
import type { SelectorExpr } from "./syntax.ts";

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

/** The selectors of `match[]`. @throws BAD_REQUEST for what is another expression, and what `parseQuery` throws */
export function selectorsOf(texts: readonly string[]): SelectorExpr[] {
  return texts.map((text) => {
    const expr = parseQuery(text);
    if (expr.type !== "selector")
      throw badQuery(`"${text.slice(0, 60)}" is no selector, such as up{instance="a"}`);
    return expr;
  });
}

/**
 * Series that meet a selector, `most` of them: of every namespace that meets it, as it is called now. Whether the
 * namespace has the counter is not looked at.
 */
export async function matchingSeries(
  context: Context,
  selectors: readonly SelectorExpr[],
  most: number,
): Promise<Labels[]> {
  const fleet = await context.fleet.read();
  const found: Labels[] = [];
  for (const { metric, matchers } of selectors) {
    const asked = await findAskedCounter(context, metric);
    if (asked === null || asked.counterId === null) continue;
    for (const { labels } of seriesOwners(fleet, matchers)) {
      if (found.length === most) return found;
      found.push({ __name__: metric, ...labels });
    }
  }
  return found;
}

/** The values of each label, sorted; of the series that meet one of the selectors, or with none of them all. */
export async function labelValues(
  context: Context,
  selectors: readonly SelectorExpr[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const values = new Map<string, Set<string>>();
  const add = (name: string, value: string) => {
    const known = values.get(name);
    if (known === undefined) values.set(name, new Set([value]));
    else known.add(value);
  };
  const fleet = await context.fleet.read();
  if (selectors.length === 0) for (const { name } of await listMetrics(context)) add("__name__", name);
  for (const { metric } of selectors)
    if ((await findAskedCounter(context, metric))?.counterId != null) add("__name__", metric);
  const matched = selectors.length === 0 ? [[]] : selectors.map(({ matchers }) => matchers);
  for (const matchers of matched) {
    for (const { labels } of seriesOwners(fleet, matchers)) {
      for (const [name, value] of Object.entries(labels)) add(name, value);
    }
  }
  return new Map([...values].map(([name, all]) => [name, [...all].sort()]));
}
