import { parse } from "graphql";
import { z } from "zod";
import { found, labels, page, time } from "./answers.ts";
import { hostNamed } from "./host-named.ts";
import { filterOf, filterParams, nextOf, noBody, none, pageParams } from "./params.ts";
import { route } from "./route.ts";

const host = z
  .strictObject({
    id: z.string(),
    name: z.string().describe("For display; may repeat."),
    status: z.enum(["REPORTING", "STALE", "SILENT", "LEFT"]),
    labels,
    kernel: z.string().nullable().describe("Null before the first snapshot."),
    agentVersion: z.string().nullable().describe("Null before the first snapshot."),
    firstSeen: time,
    lastSeen: time.nullable().describe("Null before the first snapshot."),
    clockSkewMs: z.number().nullable().describe("The host's own clock less the service's."),
  })
  .meta({ id: "Host" });

const HOST_FIELDS = "id name status labels kernel agentVersion firstSeen lastSeen clockSkewMs";

export const listHosts = route({
  method: "get",
  url: "/hosts",
  operationId: "listHosts",
  tag: "hosts",
  summary: "Hosts that meet a filter, a page at a time",
  scope: "read",
  path: none,
  query: z.strictObject({
    ...filterParams,
    orderBy: z.enum(["NAME", "LAST_SEEN", "FIRST_SEEN"]).default("NAME"),
    ...pageParams,
  }),
  body: noBody,
  answer: z.strictObject({ hosts: z.array(host), ...page }),
  document: parse(`query ($filter: HostFilter, $orderBy: HostOrder, $first: Int, $after: String) {
    hosts(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      totalCount pageInfo { hasNextPage endCursor } edges { node { ${HOST_FIELDS} } }
    }
  }`),
  variables: ({ query: { orderBy, first, after, ...filter } }) => ({
    filter: filterOf(filter),
    orderBy,
    first,
    after,
  }),
  shape: ({ hosts: { edges, totalCount, pageInfo } }) => ({
    hosts: edges.map(({ node }: { node: z.input<typeof host> }) => node),
    totalCount,
    next: nextOf(pageInfo),
  }),
  rows: ({ hosts }) => hosts,
});

const capability = z.strictObject({
  name: z.string(),
  available: z.boolean(),
  reason: z.string().nullable().describe("Why not, and how to let it; null when available."),
});

const namespace = z.strictObject({
  id: z.string(),
  kind: z.enum(["ROOT", "CONTAINER", "OTHER"]),
  name: z.string().nullable(),
  containerId: z.string().nullable(),
  labels,
  sysctls: labels,
  firstSeen: time,
  lastSeen: time,
});

export const getHost = route({
  method: "get",
  url: "/hosts/{host}",
  operationId: "getHost",
  tag: "hosts",
  summary: "One host, with its namespaces and what its agent can see",
  scope: "read",
  path: z.strictObject({
    host: z.string().describe("The host's id, or its name where one host alone has it."),
  }),
  query: none,
  body: noBody,
  answer: z.strictObject({
    ...host.shape,
    bootId: z.string().nullable(),
    sysctls: labels,
    capabilities: z.array(capability),
    namespaces: z.array(namespace),
  }),
  document: parse(`query ($id: ID, $name: String) {
    host(id: $id, name: $name) {
      ${HOST_FIELDS} bootId sysctls capabilities { name available reason }
      namespaces { id kind name containerId labels sysctls firstSeen lastSeen }
    }
  }`),
  variables: ({ path }) => hostNamed(path.host),
  shape: (data, { path }) => found(data.host, `host "${path.host}"`),
});
