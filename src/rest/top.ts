import { parse } from "graphql";
import { z } from "zod";
import { addressOf, count, labels } from "./answers.ts";
import { counterParam, filterOf, filterParams, noBody, none, rangeOf, rangeParams } from "./params.ts";
import { route } from "./route.ts";

const ranked = z
  .strictObject({
    host: z.string(),
    hostId: z.string(),
    labels,
    namespace: z.string().nullable().describe("The namespace's id; null when hosts are ranked."),
    container: z
      .string()
      .nullable()
      .describe("The name of the namespace's container; null where it has none."),
    listener: z.string().nullable().describe("Address and port; null unless listeners are ranked."),
    owner: z.string().nullable().describe("Who owns the listener; null where that is not known."),
    increase: count.nullable().describe("Null of listeners, which have an attribution alone."),
    rate: z.number().nullable(),
    shareOfFleet: z.number().nullable().describe("0 to 1."),
    drops: z.number().nullable().describe("ListenDrops put down to the listener."),
    confidence: z.number().nullable().describe("How sure that is, 0 to 1."),
    note: z.string().nullable().describe("The evidence, and what casts doubt on it."),
  })
  .meta({ id: "Ranked" });

export const top = route({
  method: "get",
  url: "/top",
  operationId: "getTop",
  tag: "fleet",
  summary: "Where a counter grew most: hosts, namespaces or listeners",
  scope: "read",
  path: none,
  query: z.strictObject({
    ...counterParam,
    by: z.enum(["HOST", "NAMESPACE", "LISTENER"]).default("HOST"),
    first: z.int().min(0).max(500).default(20).describe("How many at most."),
    ...rangeParams,
    ...filterParams,
  }),
  body: noBody,
  answer: z.strictObject({ top: z.array(ranked) }),
  document:
    parse(`query ($filter: HostFilter, $counter: String!, $range: TimeRange!, $by: RankBy, $first: Int) {
    fleet(filter: $filter) {
      top(counter: $counter, range: $range, by: $by, first: $first) {
        host { id name labels } namespace { id name } listener { address port owner }
        increase rate shareOfFleet attribution { drops confidence note }
      }
    }
  }`),
  variables: ({ query: { counter, by, first, ...query } }) => ({
    filter: filterOf(query),
    range: rangeOf(query),
    counter,
    by,
    first,
  }),
  shape: ({ fleet }) => ({ top: fleet.top.map(shapeOf) }),
  rows: ({ top: rows }) => rows,
});

interface RankedData {
  readonly host: { readonly id: string; readonly name: string; readonly labels: Record<string, string> };
  readonly namespace: { readonly id: string; readonly name: string | null } | null;
  readonly listener: {
    readonly address: string;
    readonly port: number;
    readonly owner: string | null;
  } | null;
  readonly increase: string | null;
  readonly rate: number | null;
  readonly shareOfFleet: number | null;
  readonly attribution: { readonly drops: number; readonly confidence: number; readonly note: string } | null;
}

function shapeOf({ host, namespace, listener, attribution, ...numbers }: RankedData): z.input<typeof ranked> {
  return {
    host: host.name,
    hostId: host.id,
    labels: host.labels,
    namespace: namespace?.id ?? null,
    container: namespace?.name ?? null,
    listener: listener === null ? null : addressOf(listener),
    owner: listener?.owner ?? null,
    ...numbers,
    drops: attribution?.drops ?? null,
    confidence: attribution?.confidence ?? null,
    note: attribution?.note ?? null,
  };
}
