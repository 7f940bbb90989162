import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { Prisma, PrismaClient } from "../generated/prisma/client.ts";
import { metDropped } from "./errors.ts";
import { ImpatientSocket } from "./impatient-socket.ts";
import { outliveConnections } from "./outlive-connections.ts";
import { readPool } from "./read-pool.ts";

export type { PrismaClient };

/** The client, or an open transaction of it: store functions take either, so a caller decides what is atomic. */
export type Db = PrismaClient | Prisma.TransactionClient;

export interface StoreOptions {
  readonly url: string;
  /** Connections at most. */
  readonly poolSize: number;
  /** A statement that runs longer is cancelled by the server. */
  readonly statementTimeoutMs: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** A connection that breaks while idle: reported here, and replaced at the next use. */
  readonly onError: (error: Error) => void;
}

export interface Store {
  readonly db: PrismaClient;
  /** The same for what is asked over the API, which never takes the last connections of the pool (read-pool.ts). */
  readonly reading: PrismaClient;
  /** The pool under both, for its gauges only. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/** A connection is idle so long at most, in the pool and within a transaction ... */
const IDLE_MS = 60_000;
/** ... and is given up when it is silent for so much longer than that, or than a statement may take to be answered. */
const GRACE_MS = 5_000;

/**
 * Opens a pool of connections; connects at the first use.
 *
 * Every wait has an end: the defaults of the driver wait for ever, for a connection and for an answer.
 */
export function openStore(options: StoreOptions): Store {
  const answerMs = options.statementTimeoutMs + GRACE_MS;
  const patience = { answerMs, silentMs: Math.max(IDLE_MS + GRACE_MS, answerMs) };
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    stream: () => new ImpatientSocket(patience),
    statement_timeout: options.statementTimeoutMs,
    idle_in_transaction_session_timeout: IDLE_MS,
    application_name: options.applicationName,
    // Minutes and hours are cut in UTC, a transaction's statements see what was committed before each of them, and a
    // commit is on disk when it is acknowledged, whatever the server, the database or the role has for a default
    // (require-settings.ts).
    options: "-c TimeZone=UTC -c default_transaction_isolation=read\\ committed -c synchronous_commit=on",
  });
  pool.on("error", options.onError);
  outliveConnections(pool);
  sendAgainWhereDropped(pool);
  const clientOf = (own: pg.Pool) =>
    new PrismaClient({ adapter: new PrismaPg(own, { onPoolError: () => undefined }) });
  const [db, reading] = [clientOf(pool), clientOf(readPool(pool, options.poolSize))];
  return {
    db,
    reading,
    pool,
    async close() {
      await Promise.all([db.$disconnect(), reading.$disconnect()]);
      await pool.end();
    },
  };
}

/**
 * Sends a statement once more that met a partition which was just being dropped: its files are gone a moment before
 * everybody has heard so. A statement of the pool is a transaction of its own, so it has done nothing, and finds the
 * state behind the drop now. Those of a transaction are its own matter: it has failed as a whole.
 */
function sendAgainWhereDropped(pool: pg.Pool): void {
  const once = pool.query.bind(pool) as (...parameters: unknown[]) => Promise<unknown>;
  const query = (...parameters: unknown[]) =>
    once(...parameters).catch((error: unknown) => {
      if (!metDropped(error)) throw error;
      return once(...parameters);
    });
  pool.query = query as typeof pool.query;
}

/** Runs `work` in one transaction (READ COMMITTED), with an end to every wait. */
export function inTransaction<T>(
  db: PrismaClient,
  work: (tx: Prisma.TransactionClient) => Promise<T>,
  timeoutMs = 60_000,
): Promise<T> {
  const isolationLevel = Prisma.TransactionIsolationLevel.ReadCommitted;
  return db.$transaction(work, { maxWait: 10_000, timeout: timeoutMs, isolationLevel });
}
