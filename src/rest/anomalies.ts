import { parse } from "graphql";
import { z } from "zod";
import { SEVERITIES, time } from "./answers.ts";
import { parseMatcher } from "./matcher.ts";
import { matchParam, nextOf, noBody, none, pageParams, rangeCondition, rangeParams } from "./params.ts";
import { route } from "./route.ts";

const anomaly = z
  .strictObject({
    id: z.string(),
    host: z.string(),
    hostId: z.string(),
    namespace: z.string(),
    counter: z.string().nullable(),
    detector: z.string(),
    severity: z.enum(SEVERITIES),
    startedAt: time,
    endedAt: time.nullable().describe("Null while it lasts."),
    value: z.number(),
    expectedLow: z.number().nullable(),
    expectedHigh: z.number().nullable(),
    score: z.number(),
    explanation: z.string(),
    incident: z.string().nullable().describe("The id of the incident that it belongs to."),
  })
  .meta({ id: "Anomaly" });

export const listAnomalies = route({
  method: "get",
  url: "/anomalies",
  operationId: "listAnomalies",
  tag: "incidents",
  summary: "What detectors found, the newest first, a page at a time",
  scope: "read",
  path: none,
  query: z.strictObject({
    severity: z.array(z.enum(SEVERITIES)).optional().describe("One of these; may be repeated."),
    detector: z.array(z.string()).optional().describe("One of these; may be repeated."),
    counter: z.string().optional().describe("By any of its names."),
    host: z.string().optional().describe("The hosts of this name, or the one with this id."),
    ...matchParam,
    open: z.boolean().optional().describe("True for those that last, false for those that have ended."),
    ...rangeParams,
    ...pageParams,
  }),
  body: noBody,
  answer: z.strictObject({ anomalies: z.array(anomaly), next: z.string().nullable() }),
  document: parse(`query ($filter: AnomalyFilter, $first: Int, $after: String) {
    anomalies(filter: $filter, first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { node {
        id detector severity startedAt endedAt value expectedLow expectedHigh score explanation
        host { id name } namespace { id } counter { name } incident { id }
      } }
    }
  }`),
  variables: ({ query: { match, last, from, to, first, after, ...filter } }) => ({
    filter: {
      ...filter,
      labels: match?.map(parseMatcher),
      ...rangeCondition({ last, from, to }),
    },
    first,
    after,
  }),
  shape: ({ anomalies: { edges, pageInfo } }) => ({
    anomalies: edges.map(({ node }: { node: AnomalyData }) => shapeOf(node)),
    next: nextOf(pageInfo),
  }),
  rows: ({ anomalies }) => anomalies,
});

interface AnomalyData
  extends Omit<z.input<typeof anomaly>, "host" | "hostId" | "namespace" | "counter" | "incident"> {
  readonly host: { readonly id: string; readonly name: string };
  readonly namespace: { readonly id: string };
  readonly counter: { readonly name: string } | null;
  readonly incident: { readonly id: string } | null;
}

function shapeOf({ host, namespace, counter, incident, ...same }: AnomalyData): z.input<typeof anomaly> {
  return {
    ...same,
    host: host.name,
    hostId: host.id,
    namespace: namespace.id,
    counter: counter?.name ?? null,
    incident: incident?.id ?? null,
  };
}
