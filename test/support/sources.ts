/** What resolvers read from, at a time that the test says. */
import type { Sources } from "../../src/graphql/context.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import type { Actor } from "../../src/store/tokens.ts";

export const READER: Actor = { kind: "token", id: null, name: "test", scopes: ["read"] };

export function sourcesAt(db: PrismaClient, at: number): Sources {
  return {
    db,
    reader: new SnapshotReader(new LayoutCache(() => at)),
    fleet: new FleetView(db, () => at),
    now: () => at,
    system: { rawRetentionMs: 7 * 86_400_000 } as Sources["system"],
    storage: {} as Sources["storage"],
  };
}
