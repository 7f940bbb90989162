import { parse } from "graphql";
import { z } from "zod";
import { count, labels, time, timesOf } from "./answers.ts";
import type { Row } from "./formats.ts";
import {
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

const share = (what: string) => z.number().nullable().describe(what);

const handshakes = z
  .strictObject({
    accepted: count.nullable().describe("TcpPassiveOpens, exact; null where nobody reported."),
    lost: share("The estimate of those lost or delayed; null where nobody reported."),
    share: share("lost / (accepted + lost), 0 to 1; null where nothing was attempted."),
    low: share("The least that the share may have been."),
    high: share("The most that it may have been."),
  })
  .meta({ id: "Handshakes" });

const loss = z
  .strictObject({
    labels,
    start: time.describe("Start of the first step."),
    step: z.string(),
    values: z.array(z.number().nullable()),
    low: z.array(z.number().nullable()),
    high: z.array(z.number().nullable()),
  })
  .meta({ id: "LossSeries" });

const answer = z.strictObject({ ...handshakes.shape, loss: z.array(loss) });

export const getHandshakes = route({
  method: "get",
  url: "/handshakes",
  operationId: "getHandshakes",
  tag: "fleet",
  summary: "Handshakes accepted, and the share lost or delayed, in all and over time",
  description:
    "Drops are packets and not clients, so what was lost is an estimate with a range: as `fleet.handshakes` and " +
    "`fleet.handshakeLoss` of GraphQL.",
  scope: "read",
  path: none,
  query: z.strictObject({ ...rangeParams, ...stepParam, ...groupByParam, ...filterParams }),
  body: noBody,
  answer,
  document: parse(`query ($filter: HostFilter, $range: TimeRange!, $step: Duration, $groupBy: [String!]) {
    fleet(filter: $filter) {
      handshakes(range: $range) { accepted lost share low high }
      handshakeLoss(range: $range, step: $step, groupBy: $groupBy) { labels start step values low high }
    }
  }`),
  variables: ({ query }) => ({
    filter: filterOf(query),
    range: rangeOf(query),
    step: query.step,
    groupBy: query.groupBy,
  }),
  shape: ({ fleet }) => ({ ...fleet.handshakes, loss: fleet.handshakeLoss }),
  rows: ({ loss: series }) => series.flatMap(rowsOf),
});

function rowsOf({ labels: of, values, low, high, ...course }: z.output<typeof loss>): Row[] {
  const timeAt = timesOf(course);
  return values.map((value, index) => ({
    time: timeAt(index),
    value,
    low: low[index] ?? null,
    high: high[index] ?? null,
    labels: of,
  }));
}
