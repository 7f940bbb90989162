import { SpillwayError } from "../errors.ts";
import { formatDuration } from "../protocol/duration.ts";
import type { HostRecord, HostStatusName } from "../store/directory.ts";
import type { Fleet as FleetData } from "../store/fleet-view.ts";
import { hostPredicate, labelOf, type HostFilter as StoreFilter } from "../store/host-filter.ts";
import { type Grid, gridOf, niceStep, type Range } from "../store/queries/range.ts";
import { readTop } from "../store/queries/top.ts";
import { readTrend, type TrendGroups } from "../store/queries/trend.ts";
import { builder } from "./builder.ts";
import { HostFilter, storeFilter } from "./host-filter.ts";
import { requirePage } from "./page-info.ts";
import { resolveRange, TimeRange } from "./range.ts";
import { RankBy, Ranked, type RankedShape } from "./ranked.ts";
import { type AskedCounter, requireIncreasing, resolveCounter } from "./resolve-counter.ts";
import { Measure, Series, type SeriesShape } from "./series.ts";

const MINUTE_MS = 60_000;
const POINTS_DEFAULT = 300;

/** The hosts that a question is about. */
interface FleetShape {
  readonly all: FleetData;
  readonly hosts: readonly HostRecord[];
  /** False when every host is meant, which the cheaper queries need not look up one by one. */
  readonly filtered: boolean;
}

const Fleet = builder.objectRef<FleetShape>("Fleet").implement({
  description: "Many hosts seen as one.",
  fields: (t) => ({
    hostCount: t.int({ resolve: ({ hosts }) => hosts.length }),
    reportingCount: t.int({ resolve: ({ hosts }) => countOf(hosts, "REPORTING") }),
    staleCount: t.int({ resolve: ({ hosts }) => countOf(hosts, "STALE") }),
    silentCount: t.int({ resolve: ({ hosts }) => countOf(hosts, "SILENT") }),
    leftCount: t.int({ resolve: ({ hosts }) => countOf(hosts, "LEFT") }),
    trend: t.field({
      type: [Series],
      description:
        "One series for each label group (one in all without groupBy), over all namespaces of the hosts, in whole minutes. Null values are steps in which nobody reported.",
      args: {
        counter: t.arg.string({ required: true }),
        range: t.arg({ type: TimeRange, required: true }),
        step: t.arg({
          type: "Duration",
          description: "Whole minutes; by default what gives about 300 points.",
        }),
        measure: t.arg({ type: Measure, defaultValue: "RATE" }),
        groupBy: t.arg.stringList({ description: "Names of host labels." }),
      },
      resolve: async (fleet, { counter, range: input, step, measure, groupBy }, context) => {
        const asked = await resolveCounter(context, counter);
        requireIncreasing(asked, "rate or increase");
        if (measure === "LAST") {
          throw new SpillwayError("BAD_REQUEST", `${asked.entry.name} is not a gauge: LAST is for gauges`);
        }
        const range = resolveRange(input, context.now());
        const grid = gridOf(range, wholeMinutes(step ?? niceStep(range, POINTS_DEFAULT, MINUTE_MS)));
        const groups = groupHosts(fleet, groupBy ?? []);
        const shape = { asked, grid, groups, measure: measure ?? "RATE" };
        if (asked.counterId === null) return groups.labels.map((labels) => seriesShape(shape, labels, null));
        const trends = await readTrend(context.db, {
          counterId: asked.counterId,
          layoutIds: asked.layoutIds,
          event: asked.entry.event,
          range: wholeMinutesOf(range),
          grid,
          measure: measure ?? "RATE",
          groups: fleet.filtered || (groupBy ?? []).length > 0 ? groups : null,
          hostOf: (namespaceId) => fleet.all.ownerOf.get(namespaceId) ?? -1,
        });
        return groups.labels.map((labels, index) => seriesShape(shape, labels, trends[index] ?? null));
      },
    }),
    top: t.field({
      type: [Ranked],
      description:
        "Where the counter grew most over the range, in whole minutes; who did not grow is not listed.",
      args: {
        counter: t.arg.string({ required: true }),
        range: t.arg({ type: TimeRange, required: true }),
        by: t.arg({ type: RankBy, defaultValue: "HOST" }),
        first: t.arg.int({ defaultValue: 20, description: "At most 500." }),
      },
      resolve: async (fleet, { counter, range: input, by, first }, context) => {
        const asked = await resolveCounter(context, counter);
        requireIncreasing(asked, "increase");
        const size = requirePage(first ?? 20);
        const range = resolveRange(input, context.now());
        if (asked.counterId === null) return [];
        const meant = new Set(fleet.hosts.map((host) => host.id));
        const ranked = await readTop(context.db, {
          counterId: asked.counterId,
          layoutIds: asked.layoutIds,
          event: asked.entry.event,
          range: wholeMinutesOf(range),
          first: size,
          keyOf: (namespaceId) => {
            const hostId = fleet.all.ownerOf.get(namespaceId);
            if (hostId === undefined || !meant.has(hostId)) return null;
            return by === "NAMESPACE" ? namespaceId : hostId;
          },
        });
        const shapes: RankedShape[] = [];
        for (const { key, increase, rate, share } of ranked) {
          const hostId = by === "NAMESPACE" ? fleet.all.ownerOf.get(key) : key;
          const host = hostId === undefined ? undefined : fleet.all.hostById.get(hostId);
          if (host === undefined) continue;
          const own = by === "NAMESPACE" ? await context.namespaces.load(host.id) : [];
          shapes.push({ host, namespace: own.find(({ id }) => id === key) ?? null, increase, rate, share });
        }
        return shapes;
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

/** @throws BAD_REQUEST for a step that cuts minutes, the finest that a fleet is kept at */
function wholeMinutes(stepMs: number): number {
  if (stepMs % MINUTE_MS === 0) return stepMs;
  throw new SpillwayError(
    "BAD_REQUEST",
    `a step of ${formatDuration(stepMs)} cuts minutes, the finest that a fleet is kept at: ask for 1m or more, ` +
      "or for the `rates` of one host",
  );
}

/** The minutes that a range touches: the finest that a fleet is kept at. */
function wholeMinutesOf({ from, to }: Range): Range {
  return { from: Math.floor(from / MINUTE_MS) * MINUTE_MS, to: Math.ceil(to / MINUTE_MS) * MINUTE_MS };
}

interface LabelGroups extends TrendGroups {
  /** Labels of each group, by its index. */
  readonly labels: readonly Readonly<Record<string, string>>[];
}

function groupHosts({ all, hosts }: FleetShape, names: readonly string[]): LabelGroups {
  const labels: Record<string, string>[] = [];
  const indexOf = new Map<string, number>();
  const groupOfHost = new Map<number, number>();
  if (names.length === 0) labels.push({});
  for (const host of hosts) {
    if (names.length === 0) {
      groupOfHost.set(host.id, 0);
      continue;
    }
    const values = names.map((name) => labelOf(host, name));
    const key = JSON.stringify(values);
    let index = indexOf.get(key);
    if (index === undefined) {
      index = labels.push(Object.fromEntries(names.map((name, place) => [name, values[place] ?? ""]))) - 1;
      indexOf.set(key, index);
    }
    groupOfHost.set(host.id, index);
  }
  const of = new Map<number, number>();
  for (const [namespaceId, hostId] of all.ownerOf) {
    const group = groupOfHost.get(hostId);
    if (group !== undefined) of.set(namespaceId, group);
  }
  return { of, count: labels.length, labels };
}

function seriesShape(
  { asked, grid, measure }: { asked: AskedCounter; grid: Grid; measure: string },
  labels: Readonly<Record<string, string>>,
  trend: Pick<SeriesShape, "values" | "total"> | null,
): SeriesShape {
  const unit =
    measure === "AFFECTED" ? "hosts" : measure === "RATE" ? `${asked.entry.unit}/s` : asked.entry.unit;
  return {
    counter: asked.entry.name,
    labels,
    unit,
    start: grid.start,
    stepMs: grid.stepMs,
    values: trend?.values ?? new Array<null>(grid.length).fill(null),
    total: trend?.total ?? null,
    resets: [],
    gaps: [],
  };
}
