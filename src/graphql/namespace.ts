import type { Namespace as NamespaceRow } from "../store/namespaces.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";
import { namespaceIdOf, namespaceNodeId } from "./ids.ts";
import { Node, nodeById } from "./node.ts";

const NamespaceKind = builder.enumType("NamespaceKind", {
  description:
    "ROOT is the host's own; CONTAINER is a container's or pod's; OTHER is one that no container claims.",
  values: ["ROOT", "CONTAINER", "OTHER"] as const,
});

export const Namespace = builder.objectRef<NamespaceRow>("Namespace").implement({
  description: "A network namespace: what kernel counters belong to.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => namespaceNodeId(id) }),
    kind: t.field({ type: NamespaceKind, resolve: ({ kind }) => kind }),
    containerId: t.exposeString("containerId", { nullable: true, description: "Null unless a container's." }),
    name: t.exposeString("name", {
      nullable: true,
      description: "Of the container or pod; null where it has none.",
    }),
    labels: t.field({ type: "Labels", resolve: ({ labels }) => labels as Record<string, string> }),
    sysctls: t.field({
      type: "Labels",
      description:
        "Settings such as net.core.somaxconn, by their sysctl names; empty where the agent may not read them.",
      resolve: ({ sysctls }) => sysctls as Record<string, string>,
    }),
    firstSeen: t.field({ type: "DateTime", resolve: ({ firstSeen }) => firstSeen.getTime() }),
    lastSeen: t.field({
      type: "DateTime",
      description: "Time of its newest snapshot.",
      resolve: async ({ id, firstSeen }, _args, { lastSnapshot }) =>
        (await lastSnapshot.load(id)) ?? firstSeen.getTime(),
    }),
  }),
});

/** A namespace by its id; null when it has gone, or its host. */
export async function findNamespace(context: Context, id: number): Promise<NamespaceRow | null> {
  const hostId = (await context.fleet.read()).ownerOf.get(id);
  if (hostId === undefined) return null;
  return (await context.namespaces.load(hostId)).find((namespace) => namespace.id === id) ?? null;
}

nodeById("ns", "Namespace", (context, ownId) => findNamespace(context, namespaceIdOf(`ns_${ownId}`)));
