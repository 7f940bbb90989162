import type { Count } from "../protocol/count.ts";
import type { HostRecord } from "../store/directory.ts";
import type { Namespace as NamespaceRow } from "../store/namespaces.ts";
import { builder } from "./builder.ts";
import { Host } from "./host.ts";
import { Namespace } from "./namespace.ts";

export const RankBy = builder.enumType("RankBy", {
  description: "What is ranked.",
  values: ["HOST", "NAMESPACE"] as const,
});

export interface RankedShape {
  readonly host: HostRecord;
  readonly namespace: NamespaceRow | null;
  readonly increase: Count;
  readonly rate: number | null;
  readonly share: number;
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
    increase: t.field({
      type: "UInt64",
      nullable: true,
      description: "Exact increase over the range; null for what has none of its own, only an attribution.",
      resolve: ({ increase }) => increase,
    }),
    rate: t.exposeFloat("rate", {
      nullable: true,
      description: "Mean per second over the time covered; null where no rate may be told.",
    }),
    shareOfFleet: t.float({
      nullable: true,
      description: "Share of the increase of all that were ranked; null where it has no increase.",
      resolve: ({ share }) => share,
    }),
  }),
});
