import { openQueueBackend } from "../jobs/connection.ts";
import type { QueueBackend } from "../jobs/queue-backend.ts";
import { closeQueues, openQueues, type Queues } from "../jobs/queues.ts";
import { startWorkers } from "../jobs/worker.ts";
import { Announcer } from "../live/announcer.ts";
import type { PrismaClient } from "../store/client.ts";
import type { Database } from "./database.ts";
import type { Files } from "./files.ts";
import type { Service } from "./service.ts";

export interface QueueParts {
  readonly backend: QueueBackend;
  readonly queues: Queues;
}

/** BullMQ's queues, in Redis when there is one and else in Postgres. */
export async function startQueues({ life, config, log }: Service, database: Database): Promise<QueueParts> {
  const backend = await life.start("queues", async () => {
    const location = config.redisUrl === null ? { databaseUrl: database.url } : { redisUrl: config.redisUrl };
    const value = await openQueueBackend(location, log);
    return { value, stop: () => value.close() };
  });
  const queues = await life.start("queue producers", async () => {
    const value = await openQueues(backend);
    return { value, stop: () => closeQueues(value) };
  });
  return { backend, queues };
}

/** Tells other processes of the service what has changed. */
export function startAnnouncer({ life, log }: Service, db: PrismaClient): Promise<Announcer> {
  return life.start("announcer", () => {
    const value = new Announcer(db, log);
    return { value, stop: () => value.flush() };
  });
}

interface WorkerParts extends QueueParts {
  readonly db: PrismaClient;
  readonly announcer: Announcer;
  readonly files: Files;
}

/** The jobs: rollups, retention, compaction, detection, notifications. */
export async function startJobs(service: Service, { files, ...parts }: WorkerParts): Promise<void> {
  const { config, life, log, metrics, now, addresses } = service;
  const { retention, forgetting, compactAfterMs, roleLabels } = config;
  await life.start("workers", async () => {
    const stop = await startWorkers({
      ...parts,
      log,
      metrics,
      now,
      retention,
      forgetting,
      compactAfterMs,
      roleLabels,
      settings: () => files.detection.current(),
      notifying: files.receivers.current,
      publicUrl: addresses.public(),
    });
    return { value: undefined, stop };
  });
}
