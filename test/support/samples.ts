/** What stores samples in a real database, and what comes of them. */
import { Facts } from "../../src/ingest/facts.ts";
import { Presence } from "../../src/ingest/presence.ts";
import { Registry } from "../../src/ingest/registry.ts";
import { FillQueue } from "../../src/ingest/samples/fill-queue.ts";
import type { SampleSource } from "../../src/ingest/samples/sections.ts";
import { Senders } from "../../src/ingest/samples/senders.ts";
import type { SampleSeries } from "../../src/ingest/samples/series.ts";
import { type SampleCounts, storeSamples } from "../../src/ingest/samples/store-samples.ts";
import type { Store } from "../../src/store/client.ts";
import type { TokenActor } from "../../src/store/tokens.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { committer } from "./compacted-store.ts";
import { worker } from "./rollups.ts";

const SENDER: TokenActor = {
  kind: "token",
  id: "1",
  name: "prometheus",
  scopes: ["ingest"],
  hostPattern: null,
  forcedLabels: {},
};

/** What takes in samples in a process of its own: nothing that it has learnt is shared. */
export function sampleTaker(store: Store, now: () => number) {
  const { db } = store;
  const log = createLog("silent");
  const presence = new Presence(db, log);
  const deps = {
    registry: new Registry(db),
    oldestAcceptedMs: 24 * 3_600_000,
    commit: committer(store),
    presence,
    facts: new Facts(db, presence, now),
    fill: new FillQueue(db),
    senders: new Senders(),
    now,
  };
  return {
    async take(list: readonly SampleSeries[], source: SampleSource = "remote_write"): Promise<SampleCounts> {
      const counts: SampleCounts = { written: 0, ignored: 0, rejected: 0, fault: null };
      await storeSamples(deps, SENDER, source, list, counts);
      await presence.flush();
      return counts;
    },
  };
}

/** All that counters grew by, by their names, once everything is rolled up. */
export async function increasesIn({ db }: Store, now: number): Promise<Record<string, number>> {
  await worker({ db }).rollUp(now);
  const rows = await db.$queryRaw<{ name: string; total: number }[]>`
    SELECT c.name, sum(r.total)::float8 AS total FROM ts.rollup_minute r JOIN counter c ON c.id = r.counter_id
    GROUP BY c.name`;
  return Object.fromEntries(rows.map(({ name, total }) => [name, total]));
}
