import type { CounterEntry } from "./entry.ts";
import { netdataChart } from "./peers.ts";

/** From a name as somebody wrote it to the full names that it may mean. */
export interface CounterNames {
  /** None when it means nothing, and several when it is the name of several counters. */
  find(written: string): readonly string[];
}

/**
 * Every name by which a counter can be asked for: its full name, its field without the group, what other tools call
 * it, and the chart that Netdata shows it on. InErrors is a field of three groups, and a chart mostly shows several
 * counters: such a name means all of them. The letters as written come first, then any case.
 */
export function counterNames(entries: Iterable<CounterEntry>): CounterNames {
  const exact = new Map<string, Set<string>>();
  const folded = new Map<string, Set<string>>();
  const add = (form: string, name: string) => {
    addTo(exact, form, name);
    addTo(folded, form.toLowerCase(), name);
  };
  for (const { name, field, aliases } of entries) {
    for (const form of [name, field, ...aliases]) add(form, name);
    const chart = netdataChart(name);
    if (chart !== null) add(chart, name);
  }
  return {
    find: (written) => [...(exact.get(written) ?? folded.get(written.toLowerCase()) ?? [])],
  };
}

function addTo(names: Map<string, Set<string>>, form: string, name: string): void {
  const known = names.get(form);
  if (known === undefined) names.set(form, new Set([name]));
  else known.add(name);
}
