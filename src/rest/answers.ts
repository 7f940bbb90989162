/** Forms of answers that several routes give. */
import { isEnumType } from "graphql";
import { z } from "zod";
import { SpillwayError } from "../errors.ts";
import { schema } from "../graphql/schema.ts";
import { parseDuration } from "../protocol/duration.ts";
import type { Row } from "./formats.ts";

export const time = z.string().meta({ format: "date-time" });
export const labels = z.record(z.string(), z.string());
export const count = z.string().meta({
  pattern: "^[0-9]+$",
  description: "A non-negative integer as its digits: exact where a JSON number is not.",
});

/** A label matcher, in bodies and answers; parameters of a URL write it as Prometheus does (matcher.ts). */
export const matcher = z.strictObject({
  name: z.string(),
  op: z.enum(["EQ", "NE", "RE", "NRE"]).default("EQ"),
  value: z.string(),
});

const series = z
  .strictObject({
    counter: z.string(),
    labels,
    unit: z.string(),
    start: time.describe("Start of the first step."),
    step: z.string(),
    values: z.array(z.number().nullable()).describe("One for each step; null where nobody reported."),
    total: count
      .nullable()
      .describe("Exact increase over the range; null for gauges, and where none is known."),
  })
  .meta({ id: "Series" });

export const seriesAnswer = z.strictObject({ series: z.array(series) });

/** A row for each step of each series: time, value, and what tells the series apart. */
export function seriesRows(answer: z.output<typeof seriesAnswer>): Row[] {
  return answer.series.flatMap(({ counter, labels: of, values, ...course }) => {
    const timeAt = timesOf(course);
    return values.map((value, index) => ({ time: timeAt(index), value, counter, labels: of }));
  });
}

/** When the steps of a course begin. */
export function timesOf({ start, step }: { readonly start: string; readonly step: string }) {
  const begin = Date.parse(start);
  const stepMs = parseDuration(step) ?? 0;
  return (index: number) => new Date(begin + index * stepMs).toISOString();
}

/** `10.0.0.1:80`, `[::1]:80`. */
export function addressOf({ address, port }: { readonly address: string; readonly port: number }): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** @throws NOT_FOUND where GraphQL answered null */
export function found<T>(value: T | null, what: string): T {
  if (value !== null) return value;
  throw new SpillwayError("NOT_FOUND", `there is no ${what}`);
}

export const SEVERITIES = ["INFO", "MINOR", "MAJOR", "CRITICAL"] as const;

/** The causes that GraphQL names. */
export const cause = z.enum(valuesOf("Cause"));

function valuesOf(name: string): [string, ...string[]] {
  const type = schema.getType(name);
  const [first, ...rest] = isEnumType(type) ? type.getValues().map((value) => value.name) : [];
  if (first === undefined) throw new Error(`the schema has no enum ${name}`);
  return [first, ...rest];
}

/** A page's end, for the answers that are pages. */
export const page = {
  totalCount: z.int().describe("On all pages."),
  next: z.string().nullable().describe("Given as `after`, asks for the next page; null on the last."),
};
