/** Forms of answers that several routes give. */
import { z } from "zod";
import { parseDuration } from "../protocol/duration.ts";
import type { Row } from "./formats.ts";

export const time = z.string().meta({ format: "date-time" });
export const labels = z.record(z.string(), z.string());
export const count = z.string().meta({
  pattern: "^[0-9]+$",
  description: "A non-negative integer as its digits: exact where a JSON number is not.",
});

const series = z
  .strictObject({
    counter: z.string(),
    labels,
    unit: z.string(),
    start: time.describe("Start of the first step."),
    step: z.string(),
    values: z.array(z.number().nullable()).describe("One for each step; null where nobody reported."),
    total: count.nullable().describe("Exact increase over the range; null for gauges."),
  })
  .meta({ id: "Series" });

export const seriesAnswer = z.strictObject({ series: z.array(series) });

/** A row for each step of each series: time, value, and what tells the series apart. */
export function seriesRows(answer: z.output<typeof seriesAnswer>): Row[] {
  return answer.series.flatMap(({ counter, labels: of, start, step, values }) => {
    const begin = Date.parse(start);
    const stepMs = parseDuration(step) ?? 0;
    return values.map((value, index) => ({
      time: new Date(begin + index * stepMs).toISOString(),
      value,
      counter,
      labels: of,
    }));
  });
}

export const SEVERITIES = ["INFO", "MINOR", "MAJOR", "CRITICAL"] as const;

export const CAUSES = [
  "ACCEPT_QUEUE_TOO_SMALL",
  "APPLICATION_SLOW",
  "APPLICATION_STALLED",
  "CLIENT_ABORTS",
  "CONNECTION_LEAK",
  "DATA_PROBLEM",
  "HOST_SILENT",
  "INBOUND_SCAN",
  "LOCAL_ABORTS",
  "MEMORY_PRESSURE",
  "OTHER_LISTEN_DROPS",
  "PATH_LOSS",
  "PORT_EXHAUSTION",
  "RESTART",
  "SERVICE_DOWN",
  "SYN_FLOOD",
  "SYN_QUEUE_FULL",
  "UNKNOWN",
  "UPSTREAM_REFUSING",
  "UPSTREAM_UNREACHABLE",
] as const;

/** A page's end, for the answers that are pages. */
export const page = {
  totalCount: z.int().describe("On all pages."),
  next: z.string().nullable().describe("Given as `after`, asks for the next page; null on the last."),
};
