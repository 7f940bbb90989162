import type { Logger } from "../telemetry/log.ts";
import { openPostgresQueues } from "./postgres-queues.ts";
import type { QueueBackend } from "./queue-backend.ts";
import { openRedisQueues } from "./redis-queues.ts";

/** Where the queues live: Redis when its URL is given, else the service's own Postgres. */
export type QueueLocation = { readonly redisUrl: string } | { readonly databaseUrl: string };

/** @throws UNAVAILABLE when Redis is not there, and what the driver throws when Postgres is not */
export function openQueueBackend(location: QueueLocation, log: Logger): Promise<QueueBackend> {
  return "redisUrl" in location
    ? openRedisQueues(location.redisUrl, log)
    : openPostgresQueues(location.databaseUrl, log);
}
