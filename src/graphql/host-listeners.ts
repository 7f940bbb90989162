import type { ListenerRecord } from "../store/queries/listeners.ts";
import { builder } from "./builder.ts";
import { Host } from "./host.ts";
import { listenerNodeId } from "./ids.ts";
import { Listener } from "./listener.ts";
import { findNamespace } from "./namespace.ts";
import { nodeById } from "./node.ts";

/** `Host.listeners`, apart from host.ts because a listener knows its host. */
builder.objectField(Host, "listeners", (t) =>
  t.field({
    type: [Listener],
    description: "Open listening sockets of all its namespaces, as they were listed last, the fullest first.",
    resolve: async (host, _args, context) => {
      const namespaces = await context.namespaces.load(host.id);
      const lists = await context.listeners.loadMany(namespaces.map(({ id }) => id));
      return namespaces
        .flatMap((namespace, index) => {
          const list = lists[index];
          if (list instanceof Error) throw list;
          return (list ?? []).map((listener) => ({ ...listener, host, namespace }));
        })
        .sort((a, b) => fillOf(b) - fillOf(a) || a.port - b.port);
    },
  }),
);

nodeById("listener", "Listener", async (context, ownId) => {
  const namespaceId = /^(\d{1,10})_/.exec(ownId)?.[1];
  const namespace = namespaceId === undefined ? null : await findNamespace(context, Number(namespaceId));
  const host = namespace === null ? undefined : (await context.fleet.read()).hostById.get(namespace.hostId);
  if (namespace === null || host === undefined) return null;
  const open = await context.listeners.load(namespace.id);
  const listener = open.find((one) => listenerNodeId(one) === `listener_${ownId}`);
  return listener === undefined ? null : { ...listener, host, namespace };
});

function fillOf({ acceptQueue, limit }: ListenerRecord): number {
  return (acceptQueue ?? 0) / ((limit ?? 0) + 1);
}
