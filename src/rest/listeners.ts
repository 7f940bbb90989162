import { parse } from "graphql";
import { z } from "zod";
import { labels, page } from "./answers.ts";
import { filterOf, filterParams, nextOf, noBody, none, pageParams, rangeOf, rangeParams } from "./params.ts";
import { route } from "./route.ts";

const listener = z
  .strictObject({
    id: z.string(),
    host: z.string(),
    hostId: z.string(),
    labels: labels.describe("Of its host."),
    namespace: z.string(),
    container: z.string().nullable(),
    address: z.string(),
    port: z.int(),
    owner: z.string().nullable().describe("Null where the agent could not learn it."),
    backlog: z
      .int()
      .nullable()
      .describe("min(backlog, somaxconn): the kernel holds one more. Null when the agent may not see it."),
    backlogInferred: z.boolean(),
    acceptQueue: z.int().nullable(),
    peakFill: z.number().nullable().describe("In the range, as a share of what the kernel holds."),
    drops: z.number().nullable().describe("ListenDrops put down to it in the range; null when none are."),
    confidence: z.number().nullable(),
    advice: z.string().nullable().describe("What limits it, and the change that would help."),
  })
  .meta({ id: "Listener" });

export const listListeners = route({
  method: "get",
  url: "/listeners",
  operationId: "listListeners",
  tag: "listeners",
  summary: "Listening sockets over the fleet, with how full their queues were",
  scope: "read",
  path: none,
  query: z.strictObject({
    ...rangeParams,
    ...filterParams,
    port: z.int().min(1).max(65_535).optional(),
    owner: z.string().optional().describe("Name of the process that owns it."),
    minPeakFill: z.number().min(0).optional().describe("At least this full: 0.5 is half."),
    backlogBelowSomaxconn: z
      .boolean()
      .optional()
      .describe("What limits it is the application's own backlog."),
    advised: z
      .boolean()
      .optional()
      .describe("There is advice for it: its queue was full, or more than half full."),
    orderBy: z
      .enum(["PEAK_FILL", "ATTRIBUTION", "HEADROOM"])
      .default("PEAK_FILL")
      .describe("The worst first."),
    ...pageParams,
  }),
  body: noBody,
  answer: z.strictObject({ listeners: z.array(listener), ...page }),
  document:
    parse(`query ($filter: HostFilter, $where: ListenerFilter, $range: TimeRange!, $orderBy: ListenerOrder, $first: Int, $after: String) {
    listeners(filter: $filter, where: $where, range: $range, orderBy: $orderBy, first: $first, after: $after) {
      totalCount pageInfo { hasNextPage endCursor }
      edges { node {
        id address port owner backlog backlogInferred acceptQueue advice
        host { id name labels } namespace { id name }
        peakFill(range: $range) attribution(range: $range) { drops confidence }
      } }
    }
  }`),
  variables: ({ query }) => {
    const { port, owner, minPeakFill, backlogBelowSomaxconn, advised, orderBy, first, after, ...rest } =
      query;
    return {
      filter: filterOf(rest),
      range: rangeOf(rest),
      where: { port, owner, minPeakFill, backlogBelowSomaxconn, advised },
      orderBy,
      first,
      after,
    };
  },
  shape: ({ listeners: { edges, totalCount, pageInfo } }) => ({
    listeners: edges.map(({ node }: { node: ListenerData }) => shapeOf(node)),
    totalCount,
    next: nextOf(pageInfo),
  }),
  rows: ({ listeners }) => listeners,
});

interface ListenerData
  extends Omit<
    z.input<typeof listener>,
    "host" | "hostId" | "labels" | "namespace" | "container" | "drops" | "confidence"
  > {
  readonly host: { readonly id: string; readonly name: string; readonly labels: Record<string, string> };
  readonly namespace: { readonly id: string; readonly name: string | null };
  readonly attribution: { readonly drops: number; readonly confidence: number } | null;
}

function shapeOf({ host, namespace, attribution, ...same }: ListenerData): z.input<typeof listener> {
  return {
    ...same,
    host: host.name,
    hostId: host.id,
    labels: host.labels,
    namespace: namespace.id,
    container: namespace.name,
    drops: attribution?.drops ?? null,
    confidence: attribution?.confidence ?? null,
  };
}
