import { type CounterEntry, counterEntry, documentedCounters, findCounter } from "../catalog/catalog.ts";
import { counterNames } from "../store/layouts.ts";
import { builder } from "./builder.ts";

export const CounterKind = builder.enumType("CounterKind", {
  description:
    "COUNTER only grows until it resets; GAUGE goes up and down; UNKNOWN is served as a counter and not explained.",
  values: ["COUNTER", "GAUGE", "UNKNOWN"] as const,
});

const KernelSite = builder.objectRef<CounterEntry["incrementedBy"][number]>("KernelSite").implement({
  description: "A place in the kernel that adds to a counter.",
  fields: (t) => ({
    function: t.exposeString("function"),
    file: t.exposeString("file"),
    when: t.exposeString("when"),
    since: t.string({
      nullable: true,
      description: "The kernel release since which this holds; null where it always has, or is not known.",
      resolve: (site) => site.since ?? null,
    }),
  }),
});

export const Counter = builder.objectRef<CounterEntry>("Counter").implement({
  description: "A kernel counter: what it counts, when the kernel adds to it, what that implies, what to do.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "As nstat prints it, group first: TcpExtListenOverflows." }),
    aliases: t.exposeStringList("aliases", {
      description: "Its names in other tools; `counter(name:)` understands them.",
    }),
    group: t.exposeString("group", { description: "Tcp, TcpExt, Ip ..." }),
    kind: t.field({ type: CounterKind, resolve: (counter) => counter.kind }),
    unit: t.exposeString("unit"),
    meaning: t.exposeString("meaning", {
      nullable: true,
      description: "Null where the catalog has no text.",
    }),
    incrementedBy: t.field({ type: [KernelSite], resolve: (counter) => [...counter.incrementedBy] }),
    implies: t.exposeString("implies", {
      nullable: true,
      description: "Null where the catalog has no text.",
    }),
    remedy: t.exposeString("remedy", { nullable: true, description: "Null where the catalog has no text." }),
    netstatText: t.exposeString("netstatText", {
      nullable: true,
      description:
        "The line that `netstat -s` prints for it, and why that line misleads where it does; null where the catalog has no text.",
    }),
    caveats: t.exposeStringList("caveats"),
  }),
});

builder.queryFields((t) => ({
  counters: t.field({
    type: [Counter],
    description: "Every counter that the catalog explains or that any host has sent.",
    args: {
      group: t.arg.string({ description: "Tcp, TcpExt ..." }),
      search: t.arg.string({ description: "Part of a name, an alias or the meaning, in any case." }),
    },
    resolve: async (_root, { group, search }, { db }) => {
      const names = new Set(documentedCounters().map((entry) => entry.name));
      for (const name of await counterNames(db)) names.add(name);
      const wanted = search?.toLowerCase();
      return [...names]
        .sort()
        .map(counterEntry)
        .filter((entry) => group == null || entry.group === group)
        .filter((entry) => wanted === undefined || textOf(entry).includes(wanted));
    },
  }),
  counter: t.field({
    type: Counter,
    nullable: true,
    description:
      "By full name (TcpExtListenOverflows), by alias, or, where unique, without the group (ListenOverflows); null when there is none.",
    args: { name: t.arg.string({ required: true }) },
    resolve: async (_root, { name }, { db }) => {
      const entry = findCounter(name);
      if (entry !== null && entry.meaning !== null) return entry;
      // What the catalog has no text for is known when some kernel has sent it.
      const names = await counterNames(db);
      const found = names.find((one) => one === (entry?.name ?? name));
      return found === undefined ? null : counterEntry(found);
    },
  }),
}));

function textOf(entry: CounterEntry): string {
  return [entry.name, ...entry.aliases, entry.meaning ?? ""].join("\n").toLowerCase();
}
