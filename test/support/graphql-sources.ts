/** What resolvers read from, on a real store and with a clock of the test's. */
import { createContext, type Sources } from "../../src/graphql/context.ts";
import { testReceiver } from "../../src/notify/test-receiver.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import type { Forgetting } from "../../src/store/forget-hosts.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { HostLabelHistory } from "../../src/store/labels/history.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import type { Actor, Scope } from "../../src/store/tokens.ts";

export const FORGETTING: Forgetting = {
  afterMs: 30 * 86_400_000,
  ephemeral: { name: "ephemeral", value: "true" },
  ephemeralAfterMs: 3_600_000,
};

export function sourcesOn(db: PrismaClient, now: () => number): Sources {
  const fleet = new FleetView(db, now);
  const history = new HostLabelHistory(db, fleet);
  return {
    db,
    reader: new SnapshotReader(new LayoutCache(now)),
    fleet,
    labelsOver: () => history.over(),
    now,
    system: {
      rawRetentionMs: 7 * 86_400_000,
      forgetting: FORGETTING,
    } as Sources["system"],
    receivers: { list: async () => [], test: (name) => testReceiver({ db, publicUrl: "", now }, null, name) },
    storage: {} as Sources["storage"],
    live: { announcer: { changed: () => undefined } } as unknown as Sources["live"],
  };
}

export function contextFor(sources: Sources, ...scopes: Scope[]) {
  const actor: Actor = { kind: "token", id: null, name: "test", scopes };
  return createContext(sources, actor);
}
