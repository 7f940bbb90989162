import type { HostRecord } from "../store/directory.ts";
import { readHeatmap } from "../store/queries/heatmap.ts";
import { type Grid, requireValues } from "../store/queries/range.ts";
import { takesHours } from "../store/queries/steps.ts";
import { builder } from "./builder.ts";
import { Fleet } from "./fleet.ts";
import { fleetGrid, wholeMinutesOf } from "./fleet-shape.ts";
import { Host } from "./host.ts";
import { requirePage } from "./page-info.ts";
import { resolveRange, TimeRange } from "./range.ts";
import { requireIncreasing, resolveCounter } from "./resolve-counter.ts";

/** Columns where no step is said. */
const COLUMNS_DEFAULT = 60;

interface RowShape {
  readonly host: HostRecord;
  readonly values: readonly (number | null)[];
}

const HeatmapRow = builder.objectRef<RowShape>("HeatmapRow").implement({
  description: "One host over time.",
  fields: (t) => ({
    host: t.field({ type: Host, resolve: ({ host }) => host }),
    values: t.field({
      type: t.listRef("Float", { nullable: true }),
      description:
        "The increase of all its namespaces in each step; null where it did not report, 0 where the counter stood still.",
      resolve: ({ values }) => [...values],
    }),
  }),
});

const Heatmap = builder
  .objectRef<{ readonly grid: Grid; readonly rows: readonly RowShape[] }>("Heatmap")
  .implement({
    description: "Hosts down, time across, worst first.",
    fields: (t) => ({
      start: t.field({
        type: "DateTime",
        description: "Start of the first step.",
        resolve: ({ grid }) => grid.start,
      }),
      step: t.field({ type: "Duration", resolve: ({ grid }) => grid.stepMs }),
      rows: t.field({
        type: [HeatmapRow],
        description: "Hosts on which the counter grew, the one on which it grew most first.",
        resolve: ({ rows }) => [...rows],
      }),
    }),
  });

builder.objectField(Fleet, "heatmap", (t) =>
  t.field({
    type: Heatmap,
    description:
      "The hosts on which the counter grew most over the range, each with its course, in whole minutes.",
    args: {
      counter: t.arg.string({ required: true, description: "By any name that `counter` understands." }),
      range: t.arg({ type: TimeRange, required: true }),
      step: t.arg({ type: "Duration", description: "Whole minutes; by default what gives about 60 steps." }),
      first: t.arg.int({ defaultValue: 50, description: "Hosts, at most 500." }),
    },
    resolve: async (fleet, { counter, range: input, step, first }, context) => {
      const asked = await resolveCounter(context, counter);
      requireIncreasing(asked, "increase");
      const size = requirePage(first);
      const now = context.now();
      const exact = resolveRange(input, now);
      const grid = await fleetGrid(context, exact, step, COLUMNS_DEFAULT);
      const range = wholeMinutesOf(exact);
      const rowCount = Math.min(size, fleet.hosts.length);
      requireValues(Math.max(1, rowCount), range, grid);
      context.budget.takeValues(rowCount * grid.length);
      const { counterId, reporters } = asked;
      if (counterId === null) return { grid, rows: [] };
      const shards = fleet.all.shards.length;
      context.budget.takeScan({ range, shards, counters: 1 });
      context.budget.takeScan({ range, shards, counters: 1, hours: takesHours(grid) });
      const rows = await readHeatmap(context.db, {
        counterId,
        reporters,
        range,
        grid,
        fleet: fleet.all,
        now,
        first: size,
        hosts: new Set(fleet.hosts.map(({ id }) => id)),
      });
      return {
        grid,
        rows: rows.flatMap(({ hostId, values }) => {
          const host = fleet.all.hostById.get(hostId);
          return host === undefined ? [] : [{ host, values }];
        }),
      };
    },
  }),
);
