import type { Count } from "../protocol/count.ts";
import { builder } from "./builder.ts";

/** A course over time; times in ms since 1970. */
export interface SeriesShape {
  readonly counter: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly unit: string;
  readonly start: number;
  readonly stepMs: number;
  readonly values: readonly (number | null)[];
  readonly total: Count | null;
  readonly resets: readonly number[];
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
}

export type MeasureName = "RATE" | "INCREASE" | "AFFECTED" | "PEAK" | "LAST";

export const Measure = builder.enumType("Measure", {
  description: "What a trend shows of a counter in each step.",
  values: {
    RATE: { description: "Per second, over the time that was covered; never over a gap." },
    INCREASE: { description: "Exact growth in the step, what came in over gaps included." },
    AFFECTED: { description: "How many hosts it grew on." },
    PEAK: { description: "The highest increase of one namespace in the step." },
    LAST: {
      description: "The sum of the last values that the namespaces showed in the step: for gauges.",
    },
  } as const,
});

const Gap = builder.objectRef<{ readonly from: number; readonly to: number }>("Gap").implement({
  description: "A time without snapshots, longer than a rate may span.",
  fields: (t) => ({
    from: t.field({ type: "DateTime", resolve: (gap) => gap.from }),
    to: t.field({ type: "DateTime", resolve: (gap) => gap.to }),
  }),
});

const Point = builder.objectRef<{ readonly at: number; readonly value: number | null }>("Point").implement({
  description: "One step of a series.",
  fields: (t) => ({
    at: t.field({ type: "DateTime", description: "Start of the step.", resolve: (point) => point.at }),
    value: t.float({
      nullable: true,
      description: "Null where `values` is.",
      resolve: (point) => point.value,
    }),
  }),
});

export const Series = builder.objectRef<SeriesShape>("Series").implement({
  description: "The course of one counter in equal steps.",
  fields: (t) => ({
    counter: t.exposeString("counter"),
    labels: t.field({ type: "Labels", resolve: (series) => series.labels }),
    unit: t.exposeString("unit"),
    start: t.field({
      type: "DateTime",
      description: "Start of the first step.",
      resolve: (series) => series.start,
    }),
    step: t.field({ type: "Duration", resolve: (series) => series.stepMs }),
    values: t.field({
      type: t.listRef("Float", { nullable: true }),
      description:
        "One for each step; null where nobody reported, or where no rate may be told (a gap, a restart).",
      resolve: (series) => [...series.values],
    }),
    points: t.field({
      type: [Point],
      description: "The same with the time of each step; `values` is the cheaper form.",
      resolve: ({ values, start, stepMs }) =>
        values.map((value, index) => ({ at: start + index * stepMs, value })),
    }),
    total: t.field({
      type: "UInt64",
      nullable: true,
      description:
        "Exact increase over the range, of which an hour whose minutes are not kept any more counts whole; null for gauges, where no snapshot gave an increase, and where what is kept is too coarse for the step.",
      resolve: (series) => series.total,
    }),
    resets: t.field({
      type: ["DateTime"],
      description: "When the counters began again from 0; of one host's series only.",
      resolve: (series) => [...series.resets],
    }),
    gaps: t.field({
      type: [Gap],
      description: "Times that no rate spans; of one host's series only.",
      resolve: (series) => [...series.gaps],
    }),
  }),
});
