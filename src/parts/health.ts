import { statfs } from "node:fs/promises";
import { SpillwayError } from "../errors.ts";
import type { HealthDeps } from "../http/health.ts";
import { createHealthApp } from "../http/health-app.ts";
import { closeServer, createHttpServer, listen } from "../http/server.ts";
import { addStateMetrics } from "../http/state-metrics.ts";
import { queueCounts } from "../jobs/queues.ts";
import { pendingMigrations } from "../store/migrate.ts";
import type { Database } from "./database.ts";
import type { QueueParts } from "./queues.ts";
import type { Service } from "./service.ts";

export interface Health {
  readonly checks: HealthDeps["checks"];
  /** Bytes that the embedded database may still write; null where the database is elsewhere. */
  readonly freeBytes: () => Promise<number | null>;
}

/** What must hold for the service to be ready, and the metrics of its state. */
export function watchHealth(
  { config, metrics, now }: Service,
  { database, backend, queues }: QueueParts & { readonly database: Database },
): Health {
  const { db, url } = database;
  const freeBytes = async () => {
    if (config.databaseUrl !== null) return null;
    const { bavail, bsize } = await statfs(config.dataDir);
    return bavail * bsize;
  };
  addStateMetrics(metrics, { db, queueCounts: () => queueCounts(queues), freeBytes, now });
  const checks = {
    database: async () => {
      await db.$queryRaw`SELECT 1`;
    },
    migrations: async () => {
      const pending = await pendingMigrations(url);
      if (pending.length > 0) throw new SpillwayError("UNAVAILABLE", `not applied: ${pending.length}`);
    },
    queue: () => backend.ping(),
  };
  return { checks, freeBytes };
}

/** Where `work`, which answers nobody else, tells of its health: its jobs are counted in it alone. */
export async function startWorkDoor(
  { config, life, log, metrics }: Service,
  checks: Health["checks"],
): Promise<void> {
  const { workPort, listen: address } = config;
  if (workPort === null) return;
  await life.start("work's door", async () => {
    const { server, route } = createHttpServer({ tls: null });
    route({}, createHealthApp({ metrics, checks, log, stopping: () => life.stopping }));
    const { port } = await listen(server, address, workPort);
    log.info({ address, port }, "/healthz, /readyz and /metrics are served");
    return { value: undefined, stop: (graceMs) => closeServer(server, graceMs) };
  });
}
