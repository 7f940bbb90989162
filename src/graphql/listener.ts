import { backlogAdvice } from "../catalog/backlog-advice.ts";
import type { HostRecord } from "../store/directory.ts";
import type { Namespace as NamespaceRow } from "../store/namespaces.ts";
import type { Attribution as AttributionShape } from "../store/queries/attribution.ts";
import { type ListenerRecord, listenerKey } from "../store/queries/listeners.ts";
import { builder } from "./builder.ts";
import { wholeMinutesOf } from "./fleet-shape.ts";
import { Host } from "./host.ts";
import { listenerNodeId } from "./ids.ts";
import { rangeKey } from "./listener-loaders.ts";
import { Namespace } from "./namespace.ts";
import { Node } from "./node.ts";
import { resolveRange, TimeRange } from "./range.ts";

export interface ListenerShape extends ListenerRecord {
  readonly host: HostRecord;
  readonly namespace: NamespaceRow;
}

export const Attribution = builder.objectRef<AttributionShape>("Attribution").implement({
  description:
    "The part of a namespace's ListenDrops that is put down to one of its listeners. sk_drops of a socket is a weight and not a count of refused connections: resets of half-open connections, scans and TCP_DEFER_ACCEPT raise it too.",
  fields: (t) => ({
    drops: t.exposeFloat("drops", { description: "share x ListenDrops of the namespace in the range." }),
    share: t.exposeFloat("share", {
      description:
        "Its weight over the larger of all weights and ListenDrops, 0 to 1: what no weight covers is nobody's.",
    }),
    confidence: t.exposeFloat("confidence", {
      description:
        "0 to 1. Falls as the weights of all listeners differ from ListenDrops, as EmbryonicRsts and TCPDeferAcceptDrop grew, and when its queue was never seen over its limit while another one's was.",
    }),
    note: t.exposeString("note", { description: "The evidence, and what casts doubt on it." }),
  }),
});

export const Listener = builder.objectRef<ListenerShape>("Listener").implement({
  description: "A listening socket, as it was listed last.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: (listener) => listenerNodeId(listener) }),
    host: t.field({ type: Host, resolve: ({ host }) => host }),
    namespace: t.field({ type: Namespace, resolve: ({ namespace }) => namespace }),
    address: t.exposeString("address"),
    port: t.exposeInt("port"),
    owner: t.exposeString("owner", {
      nullable: true,
      description: "Process that owns it; null where the agent could not learn it.",
    }),
    uid: t.exposeInt("uid", { nullable: true, description: "Null where it was not seen." }),
    cgroup: t.exposeString("cgroup", { nullable: true, description: "Null where it was not seen." }),
    backlog: t.int({
      nullable: true,
      description:
        "The effective limit, min(backlog, somaxconn): the kernel holds one connection more. Null when the agent may not see it.",
      resolve: ({ limit }) => limit,
    }),
    backlogInferred: t.boolean({
      description: "True when the limit was inferred from a pinned queue and not read.",
      resolve: ({ limitInferred }) => limitInferred,
    }),
    acceptQueue: t.exposeInt("acceptQueue", {
      nullable: true,
      description: "Connections that waited to be accepted when it was listed last; null when none is known.",
    }),
    samples: t.exposeFloat("samples", {
      description:
        "Samples that were taken of it: up to its newest list, or of a list of listeners over a range those of the minutes in which there was something to tell.",
    }),
    samplesFull: t.exposeFloat("samplesFull", {
      description:
        "How many of them found the queue over its limit, so that the next connection was dropped.",
    }),
    lastSeen: t.field({
      type: "DateTime",
      description:
        "When the agent told of it last: of an idle one once a minute, and in a list over a range once an hour.",
      resolve: ({ at }) => at,
    }),
    advice: t.string({
      nullable: true,
      description:
        "What limits it, and the change that would help; null when its queue was never more than half full in these samples, or its limit was not seen.",
      resolve: ({ limit, peakQueue, acceptQueue, samplesFull, samplesAround, dropped, namespace }) => {
        const somaxconn = (namespace.sysctls as Record<string, string>)["net.core.somaxconn"];
        return backlogAdvice({
          limit,
          somaxconn: somaxconn === undefined ? null : Number(somaxconn),
          peakQueue,
          samplesFull,
          samples: samplesAround,
          lastQueue: acceptQueue,
          dropsRose: dropped,
        });
      },
    }),
    peakFill: t.float({
      nullable: true,
      description:
        "The most that waited in the minutes of the range, as a share of what the kernel holds; 0 when there was nothing to tell of it; null when its limit was not seen, or its namespace was read last before the range.",
      args: { range: t.arg({ type: TimeRange, description: "By default the last hour." }) },
      resolve: async (listener, { range: input }, context) => {
        const range = wholeMinutesOf(resolveRange(input ?? { last: 3_600_000 }, context.now()));
        const fill = (await context.peakFill.load(rangeKey(listener.namespaceId, range))).get(
          listenerKey(listener),
        );
        if (fill !== undefined || listener.limit === null) return fill ?? null;
        // Of an idle one nothing is told: while its namespace is read, that is nobody waiting.
        const lastRead = await context.lastSnapshot.load(listener.namespaceId);
        return lastRead !== null && lastRead >= range.from ? 0 : null;
      },
    }),
    attribution: t.field({
      type: Attribution,
      nullable: true,
      description:
        "What of the namespace's ListenDrops is put down to it, in the minutes of the range that are over; null when none is: ListenDrops did not grow, or nothing says that it was this one.",
      args: { range: t.arg({ type: TimeRange, required: true }) },
      resolve: async (listener, { range: input }, context) => {
        const range = wholeMinutesOf(resolveRange(input, context.now()));
        const found = await context.attributions.load(rangeKey(listener.namespaceId, range));
        return found.get(listenerKey(listener))?.attribution ?? null;
      },
    }),
  }),
});
