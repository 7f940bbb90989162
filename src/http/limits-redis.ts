import { Redis } from "ioredis";
import type { Logger } from "../telemetry/log.ts";

/** A request waits no longer than this to be counted; then this process counts for itself. */
const COMMAND_MS = 250;

/**
 * A connection to Redis for counting requests. It need not be there: without it each process counts for itself.
 */
export function openLimitsRedis(
  url: string,
  log: Logger,
): { readonly redis: Redis; readonly close: () => void } {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_MS,
    retryStrategy: (attempt: number) => Math.min(20_000, 500 * 2 ** Math.min(attempt, 6)),
  });
  redis.on("error", (error: Error) => log.warn({ err: error }, "cannot count requests in Redis"));
  return { redis, close: () => redis.disconnect() };
}
