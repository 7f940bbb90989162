import { type CounterEntry, counterEntry, knownCounters } from "../catalog/catalog.ts";
import { counterNames } from "../store/layouts.ts";
import { builder } from "./builder.ts";
import { findAskedCounter } from "./resolve-counter.ts";

export const CounterKind = builder.enumType("CounterKind", {
  description: "What may be concluded from a number.",
  values: {
    COUNTER: { description: "Only grows until it begins again from 0: ask for its rate or increase." },
    GAUGE: {
      description:
        "Goes up and down: ask for its `latest` value or its LAST. Or is a constant, such as TcpRtoMin: that has its `latest` value alone.",
    },
    UNKNOWN: {
      description:
        "The catalog does not list the name, as one of a newer kernel. It is kept, and has rates and increases like a counter, which nearly every field is. If it is a gauge they mean nothing, and its `latest` value is what to look at.",
    },
  } as const,
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
    name: t.exposeString("name", {
      description: "The full name, as nstat prints it, group first: TcpExtListenOverflows.",
    }),
    aliases: t.exposeStringList("aliases", {
      description:
        "Its names in node_exporter, Telegraf, collectd, cAdvisor, Datadog and Netdata, where they export it; `counter(name:)` understands them.",
    }),
    group: t.exposeString("group", {
      description:
        "The line of /proc that it stands on: Tcp, TcpExt, Ip ... Empty where the name has no known one.",
    }),
    kind: t.field({ type: CounterKind, resolve: (counter) => counter.kind }),
    unit: t.exposeString("unit", { description: "What one step of it counts: packets, connections ..." }),
    meaning: t.exposeString("meaning", {
      nullable: true,
      description: "Null where the catalog has no text.",
    }),
    incrementedBy: t.field({
      type: [KernelSite],
      description: "Where the kernel changes it; empty where the catalog has no text.",
      resolve: (counter) => [...counter.incrementedBy],
    }),
    implies: t.exposeString("implies", {
      nullable: true,
      description:
        "What an increase, or an unusual value, says of the host; null where the catalog has no text.",
    }),
    remedy: t.exposeString("remedy", {
      nullable: true,
      description:
        "What to look at and what to change; null where nothing needs to be done or the catalog has no text.",
    }),
    netstatText: t.exposeString("netstatText", {
      nullable: true,
      description:
        "The line that `netstat -s` prints for it, N for the number, and why that line misleads where it does; null where it prints none.",
    }),
    caveats: t.exposeStringList("caveats", {
      description: "What to know before drawing a conclusion from it; empty where the catalog has no text.",
    }),
  }),
});

builder.queryFields((t) => ({
  counters: t.field({
    type: [Counter],
    description: "Every counter that the catalog lists or that any host has sent, by name.",
    args: {
      group: t.arg.string({ description: "Tcp, TcpExt ..." }),
      search: t.arg.string({
        description: "Part of a name, an alias, the meaning or the line of `netstat -s`, in any case.",
      }),
    },
    resolve: async (_root, { group, search }, { db }) => {
      const entries = new Map([...knownCounters()].map((entry) => [entry.name, entry]));
      for (const name of await counterNames(db)) entries.set(name, counterEntry(name));
      const wanted = search?.toLowerCase();
      return [...entries.values()]
        .filter((entry) => group == null || entry.group === group)
        .filter((entry) => wanted === undefined || textOf(entry).includes(wanted))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  }),
  counter: t.field({
    type: Counter,
    nullable: true,
    description:
      "By full name (TcpExtListenOverflows), by alias, or, where unique, without the group (ListenOverflows). An error lists the counters that a name of several may mean. Null when neither the catalog nor any host knows the name.",
    args: { name: t.arg.string({ required: true }) },
    resolve: async (_root, { name }, context) => (await findAskedCounter(context, name))?.entry ?? null,
  }),
}));

function textOf({ name, aliases, meaning, netstatText }: CounterEntry): string {
  return [name, ...aliases, meaning ?? "", netstatText ?? ""].join("\n").toLowerCase();
}
