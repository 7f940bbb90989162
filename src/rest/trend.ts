import { parse } from "graphql";
import { z } from "zod";
import { seriesAnswer, seriesRows } from "./answers.ts";
import {
  counterParam,
  filterOf,
  filterParams,
  groupByParam,
  noBody,
  none,
  rangeOf,
  rangeParams,
  stepParam,
} from "./params.ts";
import { route } from "./route.ts";

export const trend = route({
  method: "get",
  url: "/trend",
  operationId: "getTrend",
  tag: "fleet",
  summary: "The course of a counter over many hosts",
  description: "As `fleet.trend` of GraphQL: one series for each label group, in whole minutes.",
  scope: "read",
  path: none,
  query: z.strictObject({
    ...counterParam,
    ...rangeParams,
    ...stepParam,
    measure: z
      .enum(["RATE", "INCREASE", "AFFECTED", "PEAK", "LAST"])
      .default("RATE")
      .describe("What is shown of it in each step; LAST is for gauges."),
    ...groupByParam,
    ...filterParams,
  }),
  body: noBody,
  answer: seriesAnswer,
  document:
    parse(`query ($filter: HostFilter, $counter: String!, $range: TimeRange!, $step: Duration, $measure: Measure, $groupBy: [String!]) {
    fleet(filter: $filter) {
      trend(counter: $counter, range: $range, step: $step, measure: $measure, groupBy: $groupBy) {
        counter labels unit start step values total
      }
    }
  }`),
  variables: ({ query }) => ({
    filter: filterOf(query),
    counter: query.counter,
    range: rangeOf(query),
    step: query.step,
    measure: query.measure,
    groupBy: query.groupBy,
  }),
  shape: ({ fleet }) => ({ series: fleet.trend }),
  rows: seriesRows,
});
