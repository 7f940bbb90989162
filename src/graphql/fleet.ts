import type { HostRecord, HostStatusName } from "../store/directory.ts";
import { hostPredicate, type HostFilter as StoreFilter } from "../store/host-filter.ts";
import { readGaugeTrend } from "../store/queries/gauge-trend.ts";
import type { Grid } from "../store/queries/range.ts";
import { readTrend } from "../store/queries/trend.ts";
import { builder } from "./builder.ts";
import { askedGroups, type FleetShape, fleetGrid, wholeMinutesOf } from "./fleet-shape.ts";
import { HostFilter, storeFilter } from "./host-filter.ts";
import { resolveRange, TimeRange } from "./range.ts";
import { type AskedCounter, requireGauge, requireIncreasing, resolveCounter } from "./resolve-counter.ts";
import { Measure, Series, type SeriesShape } from "./series.ts";

type MeasureName = "RATE" | "INCREASE" | "AFFECTED" | "PEAK" | "LAST";

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
            "Whole minutes; by default what gives about 300 points, and at most 11,000. Steps of whole hours are read from hours, which are kept longest.",
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
      resolve: async (fleet, { counter, range: input, step, measure: asMeasure, groupBy }, context) => {
        const asked = await resolveCounter(context, counter);
        const measure = asMeasure ?? "RATE";
        if (measure === "LAST") requireGauge(asked);
        else requireIncreasing(asked, "rate or increase");
        const now = context.now();
        const exact = resolveRange(input, now);
        const grid = fleetGrid(exact, step);
        const range = wholeMinutesOf(exact);
        const { labels: seriesLabels, groups } = await askedGroups(context, fleet, groupBy, range, grid);
        const shape = { asked, grid, measure };
        if (asked.counterId === null) return seriesLabels.map((labels) => seriesShape(shape, labels, null));
        const { counterId, reporters } = asked;
        const query = { counterId, range, grid, groups, fleet: fleet.all, now };
        if (measure === "LAST") {
          const found = await readGaugeTrend(context.db, query);
          return seriesLabels.map((labels, index) =>
            seriesShape(shape, labels, { values: found[index] ?? [], total: null }),
          );
        }
        const trends = await readTrend(context.db, { ...query, reporters, measure });
        return seriesLabels.map((labels, index) => seriesShape(shape, labels, trends[index] ?? null));
      },
    }),
  }),
});

builder.queryFields((t) => ({
  fleet: t.field({
    type: Fleet,
    description: "All hosts, or those that meet a filter.",
    args: { filter: t.arg({ type: HostFilter }) },
    resolve: async (_root, { filter }, context) => {
      const all = await context.fleet.read();
      const wanted: StoreFilter = storeFilter(filter);
      const filtered = Object.values(wanted).some((condition) => condition != null);
      const hosts = filtered ? all.hosts.filter(hostPredicate(wanted)) : all.hosts;
      return { all, hosts, filtered };
    },
  }),
}));

function countOf(hosts: readonly HostRecord[], status: HostStatusName): number {
  return hosts.filter((host) => host.status === status).length;
}

function seriesShape(
  { asked, grid, measure }: { asked: AskedCounter; grid: Grid; measure: MeasureName },
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
