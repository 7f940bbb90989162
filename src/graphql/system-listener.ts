import { namespaceOfSocket } from "../store/queries/socket-namespace.ts";
import type { OwnListenerState } from "../telemetry/own-listener.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";
import { Listener, type ListenerShape } from "./listener.ts";
import { findNamespace } from "./namespace.ts";

export const SystemListener = builder.objectRef<OwnListenerState>("SystemListener").implement({
  description: "The port that the process that answers listens on, as its own kernel shows it now.",
  fields: (t) => ({
    address: t.exposeString("address"),
    port: t.exposeInt("port"),
    acceptQueue: t.exposeInt("acceptQueue", { description: "Connections that wait to be accepted." }),
    backlog: t.int({
      nullable: true,
      description:
        "The effective limit, min(backlog, somaxconn) when it began to listen: the kernel holds one connection more. Null where somaxconn cannot be read.",
      resolve: ({ limit }) => limit,
    }),
    somaxconn: t.exposeInt("somaxconn", {
      nullable: true,
      description:
        "net.core.somaxconn when it began to listen: a change takes hold at the next start. Null where it cannot be read.",
    }),
    overflows: t.exposeFloat("overflows", {
      nullable: true,
      description:
        "ListenOverflows of its network namespace since it began to listen: packets of handshakes that found an accept queue full, this one's unless others listen there too. Null where it cannot be read.",
    }),
    drops: t.exposeFloat("drops", {
      nullable: true,
      description:
        "ListenDrops of its network namespace since then: packets that its listeners refused for whatever reason. Null where it cannot be read.",
    }),
    listener: t.field({
      type: Listener,
      nullable: true,
      description:
        "The same socket as the agent of this machine tells of it, with its history. Null while no agent has told of it: there is none, it is new by less than a minute or two, or it does not see the namespace.",
      resolve: (own, _args, context) => asAgentSees(context, own),
    }),
  }),
});

async function asAgentSees(
  context: Context,
  { bootId, inode, port }: OwnListenerState,
): Promise<ListenerShape | null> {
  const found = bootId === null ? null : await namespaceOfSocket(context.db, { bootId, inode, port });
  if (found === null) return null;
  const namespace = await findNamespace(context, found.namespaceId);
  const host = (await context.fleet.read()).hostById.get(found.hostId);
  const listener = (await context.listeners.load(found.namespaceId)).find(
    (one) => one.inode === inode && one.port === port,
  );
  if (namespace === null || host === undefined || listener === undefined) return null;
  return { ...listener, host, namespace };
}
