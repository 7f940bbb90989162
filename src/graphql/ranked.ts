import type { Count } from "../protocol/count.ts";
import type { HostRecord } from "../store/directory.ts";
import type { Namespace as NamespaceRow } from "../store/namespaces.ts";
import type { Attribution as AttributionShape } from "../store/queries/attribution.ts";
import { builder } from "./builder.ts";
import { Host } from "./host.ts";
import { Attribution, Listener, type ListenerShape } from "./listener.ts";
import { Namespace } from "./namespace.ts";

export const RankBy = builder.enumType("RankBy", {
  description: "What is ranked.",
  values: {
    HOST: { description: "Hosts, by the increase of all their namespaces." },
    NAMESPACE: { description: "Network namespaces: hosts' own and containers'." },
    LISTENER: {
      description:
        "Listening sockets, by the drops put down to them; for ListenDrops and ListenOverflows alone, as no other counter is a listener's.",
    },
  } as const,
});

export interface RankedShape {
  readonly host: HostRecord;
  readonly namespace: NamespaceRow | null;
  readonly listener: ListenerShape | null;
  readonly increase: Count | null;
  readonly rate: number | null;
  readonly share: number;
  readonly attribution: AttributionShape | null;
}

export const Ranked = builder.objectRef<RankedShape>("Ranked").implement({
  description: "A place in a ranking.",
  fields: (t) => ({
    host: t.field({ type: Host, resolve: ({ host }) => host }),
    namespace: t.field({
      type: Namespace,
      nullable: true,
      description: "Null when hosts are ranked.",
      resolve: ({ namespace }) => namespace,
    }),
    listener: t.field({
      type: Listener,
      nullable: true,
      description: "Null unless listeners are ranked.",
      resolve: ({ listener }) => listener,
    }),
    increase: t.field({
      type: "UInt64",
      nullable: true,
      description:
        "Exact increase over the range; null for a listener, which has none of its own, only an attribution.",
      resolve: ({ increase }) => increase,
    }),
    rate: t.exposeFloat("rate", {
      nullable: true,
      description: "Mean per second over the time covered; null where no rate may be told.",
    }),
    shareOfFleet: t.float({
      nullable: true,
      description:
        "Share of the increase of all that were ranked; of a listener, of the drops put down to any of them. Null where there is nothing to share.",
      resolve: ({ share }) => share,
    }),
    attribution: t.field({
      type: Attribution,
      nullable: true,
      description:
        "What of its namespace's ListenDrops is put down to a listener; null unless listeners are ranked.",
      resolve: ({ attribution }) => attribution,
    }),
  }),
});
