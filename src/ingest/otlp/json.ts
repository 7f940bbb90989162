import { z } from "zod";
import { SpillwayError } from "../../errors.ts";
import { requireFewParts } from "../samples/parts.ts";
import { firstIssue } from "../snapshots/schema.ts";
import type { Attribute } from "./labels.ts";
import type { OtlpMetric, OtlpResource } from "./request.ts";

const digits = z.string().regex(/^-?[0-9]{1,20}$/, "no integer");
/** An integer of 64 bits: a decimal string, as the mapping has it, or a number that JSON has lost nothing of. */
const int64 = z.union([digits, z.number().int()]).transform((value) => BigInt(value));
/** Nanoseconds, which some send as a number: what JSON loses of it is less than a microsecond. */
const time = z
  .union([digits, z.number().refine(Number.isInteger, "no integer")])
  .transform((value) => BigInt(value))
  .default(0n);
const double = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number)]);

const attributes = z
  .array(
    z.object({
      key: z.string().default(""),
      value: z
        .object({
          stringValue: z.string().optional(),
          boolValue: z.boolean().optional(),
          intValue: int64.optional(),
          doubleValue: double.optional(),
        })
        .default({}),
    }),
  )
  .default([])
  .transform((list) =>
    list.flatMap(({ key, value }): Attribute[] => {
      const given = value.stringValue ?? value.boolValue ?? value.intValue ?? value.doubleValue;
      return given === undefined ? [] : [[key, String(given)]];
    }),
  );

const points = z
  .array(
    z
      .object({
        attributes,
        startTimeUnixNano: time,
        timeUnixNano: time,
        asDouble: double.optional(),
        asInt: int64.optional(),
        flags: z.number().int().default(0),
      })
      .transform(({ startTimeUnixNano, timeUnixNano, asDouble, asInt, flags, ...point }) => ({
        attributes: point.attributes,
        startedAt: startTimeUnixNano,
        at: timeUnixNano,
        value: asInt ?? asDouble ?? 0n,
        none: (flags & 1) !== 0,
      })),
  )
  .default([]);
const otherPoints = z.object({ dataPoints: z.array(z.unknown()).default([]) }).optional();

const DELTA = 1;

const metric = z
  .object({
    name: z.string().default(""),
    gauge: z.object({ dataPoints: points }).optional(),
    sum: z.object({ dataPoints: points, aggregationTemporality: z.number().int().default(0) }).optional(),
    histogram: otherPoints,
    exponentialHistogram: otherPoints,
    summary: otherPoints,
  })
  .transform(
    ({ name, gauge, sum, ...others }): OtlpMetric => ({
      name,
      delta: sum?.aggregationTemporality === DELTA,
      points: [...(gauge?.dataPoints ?? []), ...(sum?.dataPoints ?? [])],
      others: Object.values(others).reduce((count, one) => count + (one?.dataPoints.length ?? 0), 0),
    }),
  );

const request = z.object({
  resourceMetrics: z
    .array(
      z.object({
        resource: z.object({ attributes }).default({ attributes: [] }),
        scopeMetrics: z.array(z.object({ metrics: z.array(metric).default([]) })).default([]),
      }),
    )
    .default([]),
});

/**
 * The resources of an `ExportMetricsServiceRequest` in JSON, by protobuf's mapping; what is not known is passed over.
 *
 * @throws BAD_REQUEST for what is no such message, PAYLOAD_TOO_LARGE for one that lists too much
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function readJson(body: Buffer): OtlpResource[] {
  requireFewParts(listsIn(body));
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new SpillwayError("BAD_REQUEST", `the body is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  const result = request.safeParse(parsed);
  if (!result.success) throw new SpillwayError("BAD_REQUEST", firstIssue(result.error));
  return result.data.resourceMetrics.map(({ resource, scopeMetrics }) => ({
    attributes: resource.attributes,
    metrics: scopeMetrics.flatMap(({ metrics }) => metrics),
  }));
}

const [OBJECT, ARRAY] = [0x7b, 0x5b];

/** Objects and arrays of a text, before any is made; those within its strings too, which are few. */
function listsIn(text: Uint8Array): number {
  let count = 0;
  for (const byte of text) if (byte === OBJECT || byte === ARRAY) count++;
  return count;
}
