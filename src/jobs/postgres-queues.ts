import { setTimeout as pause } from "node:timers/promises";
import {
  createPostgresBackend,
  type JobProgress,
  type PgPool,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
  Queue,
  runMigrations,
  Worker,
} from "bullmq";
import pg from "pg";
import { storeFault } from "../store/errors.ts";
import { ImpatientSocket } from "../store/impatient-socket.ts";
import { outliveConnections } from "../store/outlive-connections.ts";
import type { Logger } from "../telemetry/log.ts";
import type { QueueBackend } from "./queue-backend.ts";

/** BullMQ finds its tables by the search path, which connections made here must carry themselves. */
const SCHEMA = "bullmq";
/** A statement of the queues takes milliseconds. Those that LISTEN are silent for as long as nothing happens. */
const PATIENCE = { answerMs: 60_000, silentMs: 0 };
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };
/** How long another process may take to bring the tables up to date. */
const MIGRATING_MS = 60_000;
/** How long a failure of the server is kept from BullMQ, whose workers try again at once. */
const FAILURE_MS = 500;

/** Queues in Postgres, in a schema of their own. @throws what the driver throws when it does not answer */
export async function openPostgresQueues(url: string, log: Logger): Promise<QueueBackend> {
  await migrate(url);
  // One pool for every queue and worker: each with its own would take dozens of connections.
  const pool = new pg.Pool({
    connectionString: url,
    max: 12,
    connectionTimeoutMillis: 10_000,
    ...KEEP_ALIVE,
    stream: () => new ImpatientSocket(PATIENCE),
    application_name: "spillway queues",
    options: `-c search_path=${SCHEMA} -c default_transaction_isolation=read\\ committed`,
  });
  pool.on("error", (error) => log.warn({ err: error }, "an idle connection of the queues failed"));
  outliveConnections(pool);
  slowFailures(pool);
  // Every queue and worker listens to it as well: that many are no leak.
  pool.setMaxListeners(0);
  // BullMQ's own, narrower type of a pool; it accepts any pg.Pool, but for how two overloads are written.
  const connection = pool as unknown as PgPool;
  return {
    kind: "postgres",
    queue: async (name, options) => {
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
      await readyOrClosed(queue);
      return queue;
    },
    worker: async (name, handle, options) => {
      // A worker whose first look at the server has failed never looks again, and asks itself for ever, without letting
      // go of the thread: so it does not run before it is ready.
      const worker = new Worker<
        unknown,
        void,
        string,
        PostgresQueueBackend,
        JobProgress,
        PostgresConnectionOptions
      >(name, handle, { ...options, connection, autorun: false }, createPostgresBackend);
      worker.on("error", (error: Error) => log.warn({ err: error, queue: name }, "a worker failed"));
      await readyOrClosed(worker);
      worker.run().catch((error: unknown) => log.error({ err: error, queue: name }, "a worker has ended"));
      return worker;
    },
    ping: async () => {
      await pool.query("SELECT 1");
    },
    close: () => pool.end(),
  };
}

/** Brings BullMQ's tables up to date, as whoever comes first. */
async function migrate(url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    ...KEEP_ALIVE,
    application_name: "spillway queues",
    options: `-c search_path=${SCHEMA} -c lock_timeout=${MIGRATING_MS}`,
  });
  // A connection that breaks fails the statement in hand; without a listener it would end the process as well.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await runMigrations(client, SCHEMA);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function readyOrClosed(one: {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}): Promise<void> {
  try {
    await one.waitUntilReady();
  } catch (error) {
    await one.close().catch(() => undefined);
    throw error;
  }
}

/**
 * Keeps a failure of the server back for a moment. BullMQ waits after a refused connection alone: a server that starts,
 * stops, is full or has no name would be asked again at once, by every worker, for as long as it lasts.
 */
function slowFailures(pool: pg.Pool): void {
  const slowly =
    (ask: (...parameters: unknown[]) => unknown) =>
    (...parameters: unknown[]): unknown => {
      const asked = ask(...parameters);
      // With a callback, as the pool asks itself for a connection, there is nothing to wait on.
      if (!(asked instanceof Promise)) return asked;
      return asked.catch(async (error: unknown) => {
        if (storeFault(error) === "unavailable") await pause(FAILURE_MS);
        throw error;
      });
    };
  pool.query = slowly(pool.query.bind(pool) as (...parameters: unknown[]) => unknown) as typeof pool.query;
  pool.connect = slowly(
    pool.connect.bind(pool) as (...parameters: unknown[]) => unknown,
  ) as typeof pool.connect;
}
