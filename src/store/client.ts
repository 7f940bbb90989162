import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { type Prisma, PrismaClient } from "../generated/prisma/client.ts";

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
  /** The pool under `db`, for its gauges only. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/**
 * Opens a pool of connections; connects at the first use.
 *
 * Every wait has an end: the defaults of the driver wait for ever, for a connection and for an answer.
 */
export function openStore(options: StoreOptions): Store {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    statement_timeout: options.statementTimeoutMs,
    idle_in_transaction_session_timeout: 60_000,
    application_name: options.applicationName,
    // Minutes and hours are cut in UTC, whatever the server's own time zone.
    options: "-c TimeZone=UTC",
  });
  pool.on("error", options.onError);
  const db = new PrismaClient({ adapter: new PrismaPg(pool, { onPoolError: () => undefined }) });
  return {
    db,
    pool,
    async close() {
      await db.$disconnect();
      await pool.end();
    },
  };
}

/** Runs `work` in one transaction (READ COMMITTED), with an end to every wait. */
export function inTransaction<T>(
  db: PrismaClient,
  work: (tx: Prisma.TransactionClient) => Promise<T>,
  timeoutMs = 60_000,
): Promise<T> {
  return db.$transaction(work, { maxWait: 10_000, timeout: timeoutMs });
}
