import { isAdvised } from "../catalog/backlog-advice.ts";
import { SpillwayError } from "../errors.ts";
import { hostPredicate, labelPredicate, namespaceLabelOf } from "../store/host-filter.ts";
import { readAttributions } from "../store/queries/attribution.ts";
import { type ListenerStats, readListenerStats } from "../store/queries/listener-stats.ts";
import type { ListenerRecord } from "../store/queries/listeners.ts";
import type { Range } from "../store/queries/range.ts";
import { requireStorable } from "./anomaly-query.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";
import { wholeMinutesOf } from "./fleet-shape.ts";
import { filterMatchers, HostFilter, LabelMatcher, storeFilter } from "./host-filter.ts";
import { Listener, type ListenerShape } from "./listener.ts";
import { ATTRIBUTION_TABLES, attributionCounters } from "./listener-loaders.ts";
import { decodeCursor, encodeCursor, PageInfo, type PageInfoShape, requirePage } from "./page-info.ts";
import { resolveRange, TimeRange } from "./range.ts";

type Order = "PEAK_FILL" | "ATTRIBUTION" | "HEADROOM";

interface EdgeShape {
  readonly node: ListenerShape;
  readonly cursor: string;
}

const ListenerFilter = builder.inputType("ListenerFilter", {
  description: "Listeners that meet every condition given.",
  fields: (t) => ({
    minPeakFill: t.float({
      description:
        "Its queue was at least this full in the range, as a share of what the kernel holds: 0.5 is half.",
    }),
    backlogBelowSomaxconn: t.boolean({
      description: "The application's own backlog is what limits it: the limit is below net.core.somaxconn.",
    }),
    advised: t.boolean({
      description:
        "There is advice for it: in the range its queue was full, or more than half full, whether or not anything was dropped. False for those without.",
    }),
    port: t.int(),
    owner: t.string({ description: "Name of the process that owns it." }),
    labels: t.field({
      type: [LabelMatcher],
      description: "All of these, of its container where that has a label of the name, else of its host.",
    }),
  }),
});

const ListenerOrder = builder.enumType("ListenerOrder", {
  description: "The worst first; those of which it is not known last, and those that are alike by id.",
  values: {
    PEAK_FILL: { description: "The fullest queue in the range first." },
    ATTRIBUTION: { description: "The most drops put down to it first." },
    HEADROOM: { description: "The fewest connections that there was still room for first." },
  } as const,
});

const ListenerEdge = builder.objectRef<EdgeShape>("ListenerEdge").implement({
  description: "A listener in a list, with its place.",
  fields: (t) => ({
    node: t.field({ type: Listener, resolve: ({ node }) => node }),
    cursor: t.exposeString("cursor"),
  }),
});

const ListenerConnection = builder
  .objectRef<{
    readonly edges: readonly EdgeShape[];
    readonly pageInfo: PageInfoShape;
    readonly totalCount: number;
  }>("ListenerConnection")
  .implement({
    description: "A page of listeners, by the Relay specification.",
    fields: (t) => ({
      edges: t.field({ type: [ListenerEdge], resolve: ({ edges }) => [...edges] }),
      pageInfo: t.field({ type: PageInfo, resolve: ({ pageInfo }) => pageInfo }),
      totalCount: t.exposeInt("totalCount", {
        description: "Listeners that meet the filters, on all pages.",
      }),
    }),
  });

builder.queryFields((t) => ({
  listeners: t.field({
    type: ListenerConnection,
    description:
      "Listening sockets over the fleet, idle ones too, a page at a time: those that were open in the range, with what they did in its minutes that are over. One that is closed is known to be when the next complete list of its host, one each minute, is rolled up; of a host that has fallen silent they are listed for 70 minutes more.",
    args: {
      filter: t.arg({ type: HostFilter, description: "Of these hosts." }),
      where: t.arg({ type: ListenerFilter }),
      range: t.arg({ type: TimeRange, description: "In whole minutes; by default the last hour." }),
      orderBy: t.arg({ type: ListenerOrder, defaultValue: "PEAK_FILL" }),
      first: t.arg.int({ defaultValue: 50, description: "At most 500." }),
      after: t.arg.string({ description: "The cursor of the last listener seen." }),
    },
    resolve: async (_root, { filter, where, range: input, orderBy, first, after }, context) => {
      const size = requirePage(first);
      const order = orderBy ?? "PEAK_FILL";
      const start = after == null ? null : keyOfCursor(after, order);
      const now = context.now();
      const range = wholeMinutesOf(resolveRange(input ?? { last: 3_600_000 }, now));
      const fleet = await context.fleet.read();
      const hosts = fleet.hosts.filter(hostPredicate(storeFilter(filter)));
      const labels = filterMatchers(where?.labels);
      const matches = labelPredicate(labels ?? []);
      const all = hosts.length === fleet.hosts.length && labels === null;
      const owned = hosts.flatMap((host) => {
        const own = fleet.namespacesOf.get(host.id) ?? [];
        return own.filter((namespace) => matches((name) => namespaceLabelOf(namespace, host, name)));
      });
      const { port, owner, backlogBelowSomaxconn, minPeakFill, advised } = where ?? {};
      requireStorable(owner ?? "");
      const namespaceIds = all ? null : owned.map(({ id }) => id);
      const shards = fleet.shards.length;
      context.budget.takeScan({ range, shards, counters: 1 });
      if (order === "ATTRIBUTION") context.budget.takeScan({ range, shards, counters: ATTRIBUTION_TABLES });
      const found = await readListenerStats(context.db, {
        range,
        namespaceIds,
        port: port ?? null,
        owner: owner ?? null,
        backlogBelowSomaxconn: backlogBelowSomaxconn ?? null,
      });
      const drops =
        order === "ATTRIBUTION"
          ? await dropsOf(context, range, namespaceIds, now)
          : new Map<number, number>();
      const keyed = found
        .filter(({ peakFill }) => minPeakFill == null || (peakFill !== null && peakFill >= minPeakFill))
        .filter((listener) => advised == null || isAdvised(listener) === advised)
        .filter(({ namespaceId }) => fleet.hostById.has(fleet.ownerOf.get(namespaceId) ?? -1))
        .map((listener) => ({ listener, key: keyOf(listener, order, drops) }))
        .sort((a, b) => compareKeys(a.key, b.key));
      const at = start === null ? 0 : keyed.findIndex(({ key }) => compareKeys(key, start) > 0);
      const from = at === -1 ? keyed.length : at;
      const page = keyed.slice(from, from + size);
      const shapes = await Promise.all(page.map(({ listener }) => shapeOf(context, listener)));
      const edges = page.flatMap(({ key }, index): EdgeShape[] => {
        const node = shapes[index] ?? null;
        return node === null ? [] : [{ node, cursor: encodeCursor([order, ...key]) }];
      });
      return {
        edges,
        totalCount: keyed.length,
        pageInfo: {
          hasNextPage: from + page.length < keyed.length,
          hasPreviousPage: from > 0,
          startCursor: edges[0]?.cursor ?? null,
          endCursor: edges.at(-1)?.cursor ?? null,
        },
      };
    },
  }),
}));

/** A listener of the store with its host and namespace; null when either has gone meanwhile. */
export async function shapeOf(context: Context, listener: ListenerRecord): Promise<ListenerShape | null> {
  const { ownerOf, hostById } = await context.fleet.read();
  const host = hostById.get(ownerOf.get(listener.namespaceId) ?? -1);
  if (host === undefined) return null;
  const namespace = (await context.namespaces.load(host.id)).find(({ id }) => id === listener.namespaceId);
  return namespace === undefined ? null : { ...listener, host, namespace };
}

/** The drops put down to each listener, by its id. */
async function dropsOf(
  context: Context,
  range: Range,
  namespaceIds: readonly number[] | null,
  now: number,
): Promise<ReadonlyMap<number, number>> {
  const counters = await attributionCounters(context);
  const found = await readAttributions(context.db, { ...counters, range, namespaceIds, now });
  return new Map(found.map(({ listener, attribution }) => [listener.id, attribution.drops]));
}

/** What a listener is sorted by, ascending; null comes last. */
type Key = readonly [value: number | null, id: number];

function keyOf(listener: ListenerStats, order: Order, drops: ReadonlyMap<number, number>): Key {
  const { id, peakFill, headroom } = listener;
  switch (order) {
    case "PEAK_FILL":
      return [peakFill === null ? null : -peakFill, id];
    case "HEADROOM":
      return [headroom, id];
    case "ATTRIBUTION": {
      const own = drops.get(id);
      return [own === undefined ? null : -own, id];
    }
  }
}

function compareKeys(a: Key, b: Key): number {
  const [x, y] = [a[0] ?? Number.POSITIVE_INFINITY, b[0] ?? Number.POSITIVE_INFINITY];
  return x === y ? a[1] - b[1] : x - y;
}

/** @throws BAD_REQUEST for a cursor of anything else */
function keyOfCursor(cursor: string, order: Order): Key {
  const [of, value, id, ...rest] = decodeCursor(cursor);
  if (
    of === order &&
    (value === null || typeof value === "number") &&
    typeof id === "number" &&
    rest.length === 0
  ) {
    return [value, id];
  }
  throw new SpillwayError(
    "BAD_REQUEST",
    `the cursor "${cursor.slice(0, 60)}" is not one of listeners in this order`,
  );
}
