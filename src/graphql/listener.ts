import { backlogAdvice } from "../catalog/backlog-advice.ts";
import type { HostRecord } from "../store/directory.ts";
import type { Namespace as NamespaceRow } from "../store/namespaces.ts";
import type { ListenerRecord } from "../store/queries/listeners.ts";
import { builder } from "./builder.ts";
import { Host } from "./host.ts";
import { Namespace } from "./namespace.ts";
import { resolveRange, TimeRange } from "./range.ts";

export interface ListenerShape extends ListenerRecord {
  readonly host: HostRecord;
  readonly namespace: NamespaceRow;
}

export const Listener = builder.objectRef<ListenerShape>("Listener").implement({
  description: "A listening socket, as it was seen last.",
  fields: (t) => ({
    id: t.id({ resolve: ({ namespaceId, inode }) => `listener_${namespaceId}_${inode}` }),
    host: t.field({ type: Host, resolve: ({ host }) => host }),
    namespace: t.field({ type: Namespace, resolve: ({ namespace }) => namespace }),
    address: t.exposeString("address"),
    port: t.exposeInt("port"),
    owner: t.string({
      nullable: true,
      description: "Process that owns it; null where the agent could not learn it.",
      resolve: ({ owner }) => owner ?? null,
    }),
    uid: t.int({
      nullable: true,
      description: "Null where it was not seen.",
      resolve: ({ uid }) => uid ?? null,
    }),
    cgroup: t.string({
      nullable: true,
      description: "Null where it was not seen.",
      resolve: ({ cgroup }) => cgroup ?? null,
    }),
    backlog: t.int({
      nullable: true,
      description:
        "The effective limit, min(backlog, somaxconn): the kernel holds one connection more. Null when the agent may not see it.",
      resolve: ({ limit }) => limit,
    }),
    backlogInferred: t.boolean({
      description: "True when the limit was inferred from a pinned queue and not read.",
      resolve: ({ limitInferred }) => limitInferred ?? false,
    }),
    acceptQueue: t.int({
      nullable: true,
      description: "Connections that waited to be accepted; never null for one that was seen.",
      resolve: ({ acceptQueue }) => acceptQueue,
    }),
    samples: t.exposeInt("samples", { description: "Samples of the snapshot that told of it last." }),
    samplesFull: t.exposeInt("samplesFull", {
      description:
        "How many of them found the queue over its limit, so that the next connection was dropped.",
    }),
    lastSeen: t.field({
      type: "DateTime",
      description: "When the agent told of it last: of an idle one that is once a minute.",
      resolve: ({ at }) => at,
    }),
    advice: t.string({
      nullable: true,
      description:
        "What limits it, and the change that would help; null when nothing was wrong with it at its newest snapshot, or its limit was not seen.",
      resolve: ({ limit, peakQueue, samplesFull, samples, namespace }) => {
        const somaxconn = (namespace.sysctls as Record<string, string>)["net.core.somaxconn"];
        return backlogAdvice({
          limit,
          somaxconn: somaxconn === undefined ? null : Number(somaxconn),
          peakQueue,
          samplesFull,
          samples,
          dropsRose: false,
        });
      },
    }),
    peakFill: t.float({
      nullable: true,
      description:
        "The most that waited in the range, as a share of what the kernel holds; null when its limit was not seen in it.",
      args: { range: t.arg({ type: TimeRange, description: "By default the last hour." }) },
      resolve: async ({ namespaceId, inode }, { range }, context) => {
        const { from, to } = resolveRange(range ?? { last: 3_600_000 }, context.now());
        const fill = await context.peakFill.load(JSON.stringify([namespaceId, from, to]));
        return fill.get(inode) ?? null;
      },
    }),
  }),
});
