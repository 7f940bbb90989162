import { parse } from "graphql";
import { z } from "zod";
import { filterOf, filterParams, noBody, none } from "./params.ts";
import { route } from "./route.ts";

const label = z
  .strictObject({
    name: z.string(),
    hostCount: z.int().describe("Hosts that carry it."),
    values: z
      .array(z.strictObject({ value: z.string(), hostCount: z.int() }))
      .describe("Those that most hosts carry first; at most 1,000."),
  })
  .meta({ id: "Label" });

export const listLabels = route({
  method: "get",
  url: "/labels",
  operationId: "listLabels",
  tag: "hosts",
  summary: "Label names with their values and how many hosts carry each",
  scope: "read",
  path: none,
  query: z.strictObject(filterParams),
  body: noBody,
  answer: z.strictObject({ labels: z.array(label) }),
  document: parse(
    "query ($filter: HostFilter) { labels(filter: $filter) { name hostCount values { value hostCount } } }",
  ),
  variables: ({ query }) => ({ filter: filterOf(query) }),
  shape: ({ labels }) => ({ labels }),
  rows: ({ labels }) =>
    labels.flatMap(({ name, values }) => values.map(({ value, hostCount }) => ({ name, value, hostCount }))),
});
