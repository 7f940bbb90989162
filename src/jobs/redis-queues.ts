import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { SpillwayError } from "../errors.ts";
import type { Logger } from "../telemetry/log.ts";
import type { QueueBackend } from "./queue-backend.ts";

/** Queues in Redis, under the prefix "spillway". @throws UNAVAILABLE */
export async function openRedisQueues(url: string, log: Logger): Promise<QueueBackend> {
  // Producers fail fast and say so; workers wait, because a command cut short would lose a job's result.
  const retryStrategy = (attempt: number) => Math.min(20_000, 500 * 2 ** Math.min(attempt, 6));
  const producer = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    retryStrategy,
    lazyConnect: true,
  });
  const consumer = new Redis(url, { maxRetriesPerRequest: null, retryStrategy, lazyConnect: true });
  for (const connection of [producer, consumer]) {
    connection.on("error", (error: Error) => log.warn({ err: error }, "the connection to Redis failed"));
  }
  try {
    await Promise.all([producer.connect(), consumer.connect()]);
    await warnUnlessNoEviction(producer, log);
  } catch (error) {
    producer.disconnect();
    consumer.disconnect();
    throw new SpillwayError(
      "UNAVAILABLE",
      `cannot reach Redis at ${withoutPassword(url)}: start it, or unset REDIS_URL to keep the queues in Postgres`,
      { cause: error },
    );
  }
  return {
    kind: "redis",
    queue: async (name, options) => {
      const queue = new Queue(name, { ...options, prefix: "spillway", connection: producer });
      queue.on("error", (error) => log.warn({ err: error, queue: name }, "a queue failed"));
      return queue;
    },
    worker: async (name, handle, options) => {
      const worker = new Worker(name, handle, { ...options, prefix: "spillway", connection: consumer });
      worker.on("error", (error) => log.warn({ err: error, queue: name }, "a worker failed"));
      return worker;
    },
    ping: async () => {
      await producer.ping();
    },
    close: async () => {
      await Promise.allSettled([producer.quit(), consumer.quit()]);
    },
  };
}

/** A Redis that evicts keys when it is full drops jobs without a word. */
async function warnUnlessNoEviction(redis: Redis, log: Logger): Promise<void> {
  const policy = /maxmemory_policy:(\S+)/.exec(await redis.info("memory"))?.[1];
  if (policy !== undefined && policy !== "noeviction") {
    log.warn(
      `Redis has maxmemory-policy ${policy}: set it to noeviction, or queues will lose jobs when it is full`,
    );
  }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//...@");
}
