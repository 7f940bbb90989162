import { parse } from "graphql";
import { z } from "zod";
import { labels, time, timesOf } from "./answers.ts";
import {
  counterParam,
  filterOf,
  filterParams,
  noBody,
  none,
  rangeOf,
  rangeParams,
  stepParam,
} from "./params.ts";
import { route } from "./route.ts";

const row = z.strictObject({
  host: z.string(),
  hostId: z.string(),
  labels,
  values: z.array(z.number().nullable()).describe("The increase in each step; null where it did not report."),
});

export const heatmap = route({
  method: "get",
  url: "/heatmap",
  operationId: "getHeatmap",
  tag: "fleet",
  summary: "The hosts on which a counter grew most, each with its course, worst first",
  scope: "read",
  path: none,
  query: z.strictObject({
    ...counterParam,
    first: z.int().min(0).max(500).default(50).describe("Hosts at most."),
    ...rangeParams,
    ...stepParam,
    ...filterParams,
  }),
  body: noBody,
  answer: z.strictObject({ start: time, step: z.string(), rows: z.array(row) }),
  document:
    parse(`query ($filter: HostFilter, $counter: String!, $range: TimeRange!, $step: Duration, $first: Int) {
    fleet(filter: $filter) {
      heatmap(counter: $counter, range: $range, step: $step, first: $first) {
        start step rows { host { id name labels } values }
      }
    }
  }`),
  variables: ({ query: { counter, step, first, ...query } }) => ({
    filter: filterOf(query),
    range: rangeOf(query),
    counter,
    step,
    first,
  }),
  shape: ({ fleet: { heatmap: map } }) => ({ ...map, rows: map.rows.map(shapeOf) }),
  rows: ({ rows, ...course }) => {
    const timeAt = timesOf(course);
    return rows.flatMap(({ values, ...host }) =>
      values.map((value, index) => ({ time: timeAt(index), value, ...host })),
    );
  },
});

interface RowData {
  readonly host: { readonly id: string; readonly name: string; readonly labels: Record<string, string> };
  readonly values: (number | null)[];
}

function shapeOf({ host, values }: RowData): z.input<typeof row> {
  return { host: host.name, hostId: host.id, labels: host.labels, values };
}
