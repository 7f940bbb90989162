import type { HostRecord, HostStatusName } from "../store/directory.ts";
import { builder } from "./builder.ts";
import { type FleetShape, fleetGrid, fleetOf, wholeMinutesOf } from "./fleet-shape.ts";
import { HostFilter } from "./host-filter.ts";
import { resolveRange, TimeRange } from "./range.ts";
import { Measure, Series } from "./series.ts";
import { readTrendSeries, resolveMeasure } from "./trend-series.ts";

export const Fleet = builder.objectRef<FleetShape>("Fleet").implement({
  description: "Many hosts seen as one.",
  fields: (t) => ({
    hostCount: t.int({ description: "Hosts that meet the filter.", resolve: ({ hosts }) => hosts.length }),
    reportingCount: t.int({
      description: "Of these, REPORTING.",
      resolve: ({ hosts }) => countOf(hosts, "REPORTING"),
    }),
    staleCount: t.int({ description: "Of these, STALE.", resolve: ({ hosts }) => countOf(hosts, "STALE") }),
    silentCount: t.int({
      description: "Of these, SILENT.",
      resolve: ({ hosts }) => countOf(hosts, "SILENT"),
    }),
    leftCount: t.int({ description: "Of these, LEFT.", resolve: ({ hosts }) => countOf(hosts, "LEFT") }),
    trend: t.field({
      type: [Series],
      description:
        "One series for each label group (one in all without groupBy), over all namespaces of the hosts, in whole minutes. Null values are steps in which nobody reported, or that are older than what is kept at so fine a step; of gauges, and of counters other than those of drops, also the minute that is not over.",
      args: {
        counter: t.arg.string({ required: true, description: "By any name that `counter` understands." }),
        range: t.arg({ type: TimeRange, required: true }),
        step: t.arg({
          type: "Duration",
          description:
            "Whole minutes; by default what gives about 300 points, and hours where the range begins before the oldest minutes that are kept; at most 11,000 points. Steps of whole hours are read from hours, which are kept longest.",
        }),
        measure: t.arg({
          type: Measure,
          defaultValue: "RATE",
          description: "LAST is for gauges, the others are for counters.",
        }),
        groupBy: t.arg.stringList({
          description:
            "Names of labels of hosts or containers, 10 at most. Where both have the name, the container's holds for what is in it. A namespace that lacks the label, as a root namespace lacks those of containers, is in the group of the empty string. A label that changed splits its host's past where it did.",
        }),
      },
      resolve: async (fleet, { counter, range: input, step, measure, groupBy }, context) => {
        const what = await resolveMeasure(context, counter, measure);
        const exact = resolveRange(input, context.now());
        const span = { range: wholeMinutesOf(exact), grid: await fleetGrid(context, exact, step) };
        return readTrendSeries(context, fleet, what, groupBy, span);
      },
    }),
  }),
});

builder.queryFields((t) => ({
  fleet: t.field({
    type: Fleet,
    description: "All hosts, or those that meet a filter.",
    args: { filter: t.arg({ type: HostFilter }) },
    resolve: (_root, { filter }, context) => fleetOf(context, filter),
  }),
}));

function countOf(hosts: readonly HostRecord[], status: HostStatusName): number {
  return hosts.filter((host) => host.status === status).length;
}
