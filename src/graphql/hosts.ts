import { SpillwayError } from "../errors.ts";
import type { HostRecord } from "../store/directory.ts";
import { hostPredicate } from "../store/host-filter.ts";
import { builder } from "./builder.ts";
import { Host } from "./host.ts";
import { HostFilter, storeFilter } from "./host-filter.ts";
import { hostNodeId } from "./ids.ts";
import { decodeCursor, encodeCursor, PageInfo, type PageInfoShape, requirePage } from "./page-info.ts";

interface HostEdgeShape {
  readonly node: HostRecord;
  readonly cursor: string;
}

interface HostConnectionShape {
  readonly edges: readonly HostEdgeShape[];
  readonly pageInfo: PageInfoShape;
  readonly totalCount: number;
}

const HostOrder = builder.enumType("HostOrder", {
  description: "NAME is ascending; the times are newest first. Hosts that are alike come by id.",
  values: ["NAME", "LAST_SEEN", "FIRST_SEEN"] as const,
});

const HostEdge = builder.objectRef<HostEdgeShape>("HostEdge").implement({
  description: "A host in a list, with its place.",
  fields: (t) => ({
    node: t.field({ type: Host, resolve: ({ node }) => node }),
    cursor: t.exposeString("cursor"),
  }),
});

export const HostConnection = builder.objectRef<HostConnectionShape>("HostConnection").implement({
  description: "A page of hosts, by the Relay specification.",
  fields: (t) => ({
    edges: t.field({ type: [HostEdge], resolve: ({ edges }) => [...edges] }),
    pageInfo: t.field({ type: PageInfo, resolve: ({ pageInfo }) => pageInfo }),
    totalCount: t.exposeInt("totalCount", { description: "Hosts that meet the filter, on all pages." }),
  }),
});

builder.queryFields((t) => ({
  hosts: t.field({
    type: HostConnection,
    description: "Hosts that meet a filter, a page at a time.",
    args: {
      filter: t.arg({ type: HostFilter }),
      orderBy: t.arg({ type: HostOrder, defaultValue: "NAME" }),
      first: t.arg.int({ defaultValue: 50, description: "At most 500." }),
      after: t.arg.string({ description: "The cursor of the last host seen." }),
    },
    resolve: async (_root, { filter, orderBy, first, after }, { fleet }) => {
      const { hosts } = await fleet.read();
      const order = orderBy ?? "NAME";
      return pageOfHosts(hosts.filter(hostPredicate(storeFilter(filter))), order, first, after);
    },
  }),
}));

type Order = "NAME" | "LAST_SEEN" | "FIRST_SEEN";

/** A page of these hosts in an order. @throws BAD_REQUEST for a page or a cursor that is none */
export function pageOfHosts(
  hosts: readonly HostRecord[],
  order: Order,
  first: number | null | undefined,
  after: string | null | undefined,
): HostConnectionShape {
  const sorted = [...hosts].sort(compare(order));
  const start = after == null ? 0 : startAfter(sorted, order, after);
  const page = sorted.slice(start, start + requirePage(first));
  const edges = page.map((node) => ({ node, cursor: encodeCursor(keyOf(node, order)) }));
  return {
    edges,
    totalCount: sorted.length,
    pageInfo: {
      hasNextPage: start + page.length < sorted.length,
      hasPreviousPage: start > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
type Key = readonly [string | number, string];

/** What a host is sorted by: a cursor holds it, so a page follows even when its last host has gone. */
function keyOf(host: HostRecord, order: Order): Key {
  const id = hostNodeId(host.agentId);
  switch (order) {
    case "NAME":
      return [host.name, id];
    case "LAST_SEEN":
      return [-(host.lastSeen?.getTime() ?? 0), id];
    case "FIRST_SEEN":
      return [-host.firstSeen.getTime(), id];
  }
}

function compareKeys(a: Key, b: Key): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}

function compare(order: Order): (a: HostRecord, b: HostRecord) => number {
  return (a, b) => compareKeys(keyOf(a, order), keyOf(b, order));
}

function startAfter(sorted: readonly HostRecord[], order: Order, cursor: string): number {
  const [key, id] = decodeCursor(cursor);
  if (typeof id !== "string" || typeof key !== (order === "NAME" ? "string" : "number")) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `the cursor "${cursor.slice(0, 60)}" is not one of hosts in this order`,
    );
  }
  const after: Key = [key as string | number, id];
  const next = sorted.findIndex((host) => compareKeys(keyOf(host, order), after) > 0);
  return next === -1 ? sorted.length : next;
}
