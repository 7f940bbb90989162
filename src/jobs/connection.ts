import {
  createPostgresBackend,
  type JobProgress,
  type PgPool,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
  Queue,
  type QueueOptions,
  runMigrations,
  Worker,
  type WorkerOptions,
} from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { SpillwayError } from "../errors.ts";
import { outliveConnections } from "../store/outlive-connections.ts";
import type { Logger } from "../telemetry/log.ts";

/** Where the queues live: Redis when its URL is given, else the service's own Postgres. */
export type QueueLocation = { readonly redisUrl: string } | { readonly databaseUrl: string };

/** A job as a handler sees it. */
export interface JobView {
  readonly name: string;
  readonly data: unknown;
}

/** As much of BullMQ's Queue as is used here, whichever backend is under it. */
export interface JobQueue {
  addBulk(
    jobs: { name: string; data: unknown; opts?: { deduplication?: { id: string }; priority?: number } }[],
  ): Promise<unknown>;
  upsertJobScheduler(
    id: string,
    repeat: { pattern: string },
    template: { name: string; data: unknown },
  ): Promise<unknown>;
  getJobCounts(...types: ("wait" | "active" | "delayed" | "failed")[]): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export interface JobWorker {
  close(force?: boolean): Promise<void>;
}

/** Makes queues and workers on one backend, over shared connections. */
export interface QueueBackend {
  readonly kind: "redis" | "postgres";
  queue(name: string, options: Omit<QueueOptions, "connection">): JobQueue;
  worker(
    name: string,
    handle: (job: JobView) => Promise<void>,
    options: Omit<WorkerOptions, "connection">,
  ): JobWorker;
  /** Answers when the backend does. @throws what the driver throws when it does not */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export function openQueueBackend(location: QueueLocation, log: Logger): Promise<QueueBackend> {
  return "redisUrl" in location ? openRedis(location.redisUrl, log) : openPostgres(location.databaseUrl, log);
}

async function openRedis(url: string, log: Logger): Promise<QueueBackend> {
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
    queue: (name, options) => {
      const queue = new Queue(name, { ...options, prefix: "spillway", connection: producer });
      queue.on("error", (error) => log.warn({ err: error, queue: name }, "a queue failed"));
      return queue;
    },
    worker: (name, handle, options) => {
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

async function openPostgres(url: string, log: Logger): Promise<QueueBackend> {
  // One pool for every queue and worker: each with its own would take dozens of connections. BullMQ finds
  // its tables by the search path, which a pool made here must carry itself.
  const pool = new pg.Pool({
    connectionString: url,
    max: 12,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: "spillway queues",
    options: "-c search_path=bullmq",
  });
  pool.on("error", (error) => log.warn({ err: error }, "an idle connection of the queues failed"));
  outliveConnections(pool);
  // Every queue and worker listens to it as well: that many are no leak.
  pool.setMaxListeners(0);
  const client = await pool.connect();
  try {
    await runMigrations(client, "bullmq");
  } finally {
    client.release();
  }
  // BullMQ's own, narrower type of a pool; it accepts any pg.Pool, but for how two overloads are written.
  const connection = pool as unknown as PgPool;
  return {
    kind: "postgres",
    queue: (name, options) => {
      const queue = new Queue<
        unknown,
        unknown,
        string,
        unknown,
        unknown,
        string,
        PostgresQueueBackend,
        PostgresConnectionOptions
      >(name, { ...options, connection }, createPostgresBackend);
      queue.on("error", (error: Error) => log.warn({ err: error, queue: name }, "a queue failed"));
      return queue;
    },
    worker: (name, handle, options) => {
      const worker = new Worker<
        unknown,
        void,
        string,
        PostgresQueueBackend,
        JobProgress,
        PostgresConnectionOptions
      >(name, handle, { ...options, connection }, createPostgresBackend);
      worker.on("error", (error: Error) => log.warn({ err: error, queue: name }, "a worker failed"));
      return worker;
    },
    ping: async () => {
      await pool.query("SELECT 1");
    },
    close: () => pool.end(),
  };
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//...@");
}
