import { SpillwayError } from "../errors.ts";
import { readAttributions } from "../store/queries/attribution.ts";
import type { Range } from "../store/queries/range.ts";
import { readTop } from "../store/queries/top.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";
import { Fleet } from "./fleet.ts";
import { type FleetShape, wholeMinutesOf } from "./fleet-shape.ts";
import { ATTRIBUTION_TABLES, attributionCounters } from "./listener-loaders.ts";
import { shapeOf } from "./listeners.ts";
import { requirePage } from "./page-info.ts";
import { resolveRange, TimeRange } from "./range.ts";
import { RankBy, Ranked, type RankedShape } from "./ranked.ts";
import { type AskedCounter, requireIncreasing, resolveCounter } from "./resolve-counter.ts";

builder.objectField(Fleet, "top", (t) =>
  t.field({
    type: [Ranked],
    description:
      "Where the counter grew most over the range, in whole minutes; who did not grow is not listed. Of counters other than those of drops the minute that is not over is not in it.",
    args: {
      counter: t.arg.string({ required: true, description: "By any name that `counter` understands." }),
      range: t.arg({ type: TimeRange, required: true }),
      by: t.arg({ type: RankBy, defaultValue: "HOST" }),
      first: t.arg.int({ defaultValue: 20, description: "At most 500." }),
    },
    resolve: async (fleet, { counter, range: input, by, first }, context) => {
      const asked = await resolveCounter(context, counter);
      requireIncreasing(asked, "increase");
      const size = requirePage(first ?? 20);
      const now = context.now();
      const range = wholeMinutesOf(resolveRange(input, now));
      const { counterId, reporters } = asked;
      if (by === "LISTENER") {
        requireListeners(asked);
        return topListeners(context, fleet, range, size, now);
      }
      if (counterId === null) return [];
      context.budget.takeScan({ range, shards: fleet.all.shards.length, counters: 1 });
      const meant = new Set(fleet.hosts.map((host) => host.id));
      const ranked = await readTop(context.db, {
        counterId,
        reporters,
        range,
        first: size,
        fleet: fleet.all,
        now,
        keyOf: (namespaceId) => {
          const hostId = fleet.all.ownerOf.get(namespaceId);
          // Hosts that are forgotten take nobody's place.
          if (hostId === undefined || !meant.has(hostId)) return null;
          return by === "NAMESPACE" ? namespaceId : hostId;
        },
      });
      const shapes = await Promise.all(
        ranked.map(async ({ key, increase, rate, share }): Promise<RankedShape | null> => {
          const hostId = by === "NAMESPACE" ? fleet.all.ownerOf.get(key) : key;
          const host = hostId === undefined ? undefined : fleet.all.hostById.get(hostId);
          if (host === undefined) return null;
          const own = by === "NAMESPACE" ? await context.namespaces.load(host.id) : [];
          const namespace = own.find(({ id }) => id === key) ?? null;
          return { host, namespace, listener: null, increase, rate, share, attribution: null };
        }),
      );
      return shapes.filter((shape) => shape !== null);
    },
  }),
);

/** @throws BAD_REQUEST for a counter of which nothing can be put down to a listener */
function requireListeners({ entry: { name } }: AskedCounter): void {
  if (name === "TcpExtListenDrops" || name === "TcpExtListenOverflows") return;
  throw new SpillwayError(
    "BAD_REQUEST",
    `${name} is counted for a namespace and not for its listeners: only ListenDrops is put down to them; rank by HOST or NAMESPACE`,
  );
}

async function topListeners(
  context: Context,
  { all, hosts, filtered }: FleetShape,
  range: Range,
  first: number,
  now: number,
): Promise<RankedShape[]> {
  const namespaceIds = filtered
    ? hosts.flatMap((host) => (all.namespacesOf.get(host.id) ?? []).map(({ id }) => id))
    : null;
  context.budget.takeScan({ range, shards: all.shards.length, counters: ATTRIBUTION_TABLES });
  const counters = await attributionCounters(context);
  const attributed = await readAttributions(context.db, { ...counters, range, namespaceIds, now });
  // Hosts that are forgotten take nobody's place.
  const found = attributed.filter(({ listener: { namespaceId } }) =>
    all.hostById.has(all.ownerOf.get(namespaceId) ?? -1),
  );
  const drops = found.reduce((sum, { attribution }) => sum + attribution.drops, 0);
  const worst = found
    .sort((a, b) => b.attribution.drops - a.attribution.drops || a.listener.id - b.listener.id)
    .slice(0, first);
  const shapes = await Promise.all(
    worst.map(async ({ listener, attribution }): Promise<RankedShape | null> => {
      const shape = await shapeOf(context, listener);
      if (shape === null) return null;
      const { host, namespace } = shape;
      const share = attribution.drops / drops;
      return { host, namespace, listener: shape, increase: null, rate: null, share, attribution };
    }),
  );
  return shapes.filter((shape) => shape !== null);
}
