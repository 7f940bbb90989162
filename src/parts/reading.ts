import { Drills } from "../commands/drills.ts";
import type { Sources } from "../graphql/context.ts";
import { openLive } from "../graphql/live.ts";
import { queueCounts } from "../jobs/queues.ts";
import type { Announcer } from "../live/announcer.ts";
import { LiveBus } from "../live/bus.ts";
import { listReceivers } from "../notify/directory.ts";
import { testReceiver } from "../notify/test-receiver.ts";
import { FleetView } from "../store/fleet-view.ts";
import { SnapshotReader } from "../store/history/snapshot-reader.ts";
import { HostLabelHistory } from "../store/labels/history.ts";
import { LayoutCache } from "../store/layouts.ts";
import { StorageView } from "../store/storage/storage-view.ts";
import { VERSION } from "../version.ts";
import type { Database } from "./database.ts";
import type { Files } from "./files.ts";
import type { Health } from "./health.ts";
import type { QueueParts } from "./queues.ts";
import type { Service } from "./service.ts";

interface ReadingParts extends QueueParts {
  readonly database: Database;
  readonly announcer: Announcer;
  readonly files: Files;
  readonly freeBytes: Health["freeBytes"];
}

/** What the API answers from, and the drills that it can make. */
export async function startReading(
  service: Service,
  parts: ReadingParts,
): Promise<{ readonly sources: Sources; readonly drills: Drills | null }> {
  const { config, role, demo, life, log, metrics, now, addresses, listener, startedAt } = service;
  const { database, announcer, files, freeBytes, backend, queues } = parts;
  const { reading: db } = database;
  const isEmbedded = config.databaseUrl === null;
  const { retention, forgetting, compactAfterMs } = config;

  const live = await life.start("live events", () => {
    const bus = new LiveBus(database.url, log);
    const value = openLive({ announcer, bus, log, onLook: () => metrics.liveLooks.inc() });
    const stop = () => {
      value.close();
      return bus.close();
    };
    return { value, stop };
  });
  const fleet = new FleetView(db, now);
  const labelHistory = new HostLabelHistory(db, fleet);
  const drills = role === "all" ? new Drills({ db: database.db, server: addresses.local, log, now }) : null;
  const testDeps = { db, publicUrl: addresses.public(), now };

  const sources: Sources = {
    db,
    storage: new StorageView({ db, retention, compactAfterMs, freeBytes, now }),
    live,
    reader: new SnapshotReader(new LayoutCache(now)),
    fleet,
    labelsOver: () => labelHistory.over(),
    drills,
    publicUrl: addresses.public,
    now,
    receivers: {
      list: () => listReceivers(db, files.receivers.current()),
      test: (name) => testReceiver(testDeps, files.receivers.current(), name),
    },
    system: {
      version: VERSION,
      roles: [role],
      startedAt,
      simulated: demo !== null,
      reachableUrl: addresses.remote,
      embeddedDatabase: isEmbedded,
      queueBackend: backend.kind,
      queueCounts: () => queueCounts(queues),
      ownListener: () => listener.read(),
      rawRetentionMs: retention.rawMs,
      forgetting,
    },
  };
  return { sources, drills };
}
