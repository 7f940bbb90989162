import { parse } from "graphql";
import { z } from "zod";
import { found, seriesAnswer, seriesRows } from "./answers.ts";
import { hostNamed } from "./host-named.ts";
import { noBody, rangeOf, rangeParams, stepParam } from "./params.ts";
import { route } from "./route.ts";

export const hostRates = route({
  method: "get",
  url: "/hosts/{host}/rates",
  operationId: "getHostRates",
  tag: "hosts",
  summary: "Rates per second of counters of one host, at its own interval",
  description:
    "As `Host.rates` of GraphQL. Without `step`: the host's interval, or what gives about 300 points.",
  scope: "read",
  path: z.strictObject({
    host: z.string().describe("The host's id, or its name where one host alone has it."),
  }),
  query: z.strictObject({
    counter: z.array(z.string()).min(1).max(50).describe("By any of its names; may be repeated."),
    namespace: z.string().optional().describe("The id of one of its namespaces; by default their sum."),
    ...rangeParams,
    ...stepParam,
  }),
  body: noBody,
  answer: seriesAnswer,
  document:
    parse(`query ($id: ID, $name: String, $counters: [String!]!, $range: TimeRange!, $step: Duration, $namespace: ID) {
    host(id: $id, name: $name) {
      rates(counters: $counters, range: $range, step: $step, namespace: $namespace) {
        counter labels unit start step values total
      }
    }
  }`),
  variables: ({ path, query }) => ({
    ...hostNamed(path.host),
    counters: query.counter,
    range: rangeOf(query),
    step: query.step,
    namespace: query.namespace,
  }),
  shape: (data, { path }) => ({ series: found(data.host, `host "${path.host}"`).rates }),
  rows: seriesRows,
});
