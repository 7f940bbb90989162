import type { HostRecord } from "../store/directory.ts";
import { hostPredicate } from "../store/host-filter.ts";
import { builder } from "./builder.ts";
import { HostFilter, storeFilter } from "./host-filter.ts";

/** Values that are listed of one label: a picker shows no more, and a label of unique values is none to pick by. */
const VALUES_MAX = 1_000;

interface LabelNameShape {
  readonly name: string;
  /** Hosts by value. */
  readonly hosts: ReadonlyMap<string, number>;
}

const LabelValue = builder.objectRef<readonly [string, number]>("LabelValue").implement({
  description: "A value that a label has on some hosts.",
  fields: (t) => ({
    value: t.string({ resolve: ([value]) => value }),
    hostCount: t.int({ description: "Hosts whose label has this value.", resolve: ([, count]) => count }),
  }),
});

const LabelName = builder.objectRef<LabelNameShape>("LabelName").implement({
  description: "The name of a label, with its values.",
  fields: (t) => ({
    name: t.exposeString("name"),
    hostCount: t.int({
      description: "Hosts that carry it.",
      resolve: ({ hosts }) => [...hosts.values()].reduce((sum, count) => sum + count, 0),
    }),
    valueCount: t.int({ description: "How many values it has.", resolve: ({ hosts }) => hosts.size }),
    values: t.field({
      type: [LabelValue],
      description: `The values that most hosts carry first, those of as many by name; at most ${VALUES_MAX}.`,
      resolve: ({ hosts }) => [...hosts].sort(byHosts).slice(0, VALUES_MAX),
    }),
  }),
});

builder.queryFields((t) => ({
  labels: t.field({
    type: [LabelName],
    description:
      "Label names with their values and how many hosts carry each, for pickers: the labels that hosts have now, by name.",
    args: { filter: t.arg({ type: HostFilter }) },
    resolve: async (_root, { filter }, { fleet }) => {
      const { hosts } = await fleet.read();
      return labelNames(hosts.filter(hostPredicate(storeFilter(filter))));
    },
  }),
}));

function labelNames(hosts: readonly HostRecord[]): LabelNameShape[] {
  const byName = new Map<string, Map<string, number>>();
  for (const { labels } of hosts) {
    for (const [name, value] of Object.entries(labels)) {
      const values = byName.get(name) ?? new Map<string, number>();
      byName.set(name, values.set(value, (values.get(value) ?? 0) + 1));
    }
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, values]) => ({ name, hosts: values }));
}

function byHosts([a, hostsOfA]: readonly [string, number], [b, hostsOfB]: readonly [string, number]): number {
  return hostsOfB - hostsOfA || (a < b ? -1 : 1);
}
