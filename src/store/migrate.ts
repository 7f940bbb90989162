/**
 * Brings a database to the schema of this version. Every start of the service calls it; when several do at
 * once, one works and the others wait and find nothing left to do.
 *
 * A migration and its row in Prisma's own table `_prisma_migrations` are one transaction: a run that is
 * killed at any point has applied a migration whole or not at all, and `prisma migrate deploy` elsewhere
 * agrees on what is applied. A file is sent as it is, as one simple query, for the server to divide: nothing
 * here has to understand semicolons in strings, comments and function bodies.
 */
import { randomUUID } from "node:crypto";
import { Client, type ClientConfig } from "pg";
import { SpillwayError } from "../errors.ts";
import { MIGRATIONS_FOLDER, type Migration, migrationNames, readMigrations } from "./migration-files.ts";
import {
  createRecords,
  insertStarted,
  markFinished,
  type Recorded,
  readRecords,
  refuseUnlessOurs,
} from "./migration-records.ts";

/** The key under which Prisma's own migrate takes its lock. */
const PRISMA_LOCK = 72707369;
const LOCK_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;

const LOCK_NOT_AVAILABLE = "55P03";
const UNDEFINED_TABLE = "42P01";

export interface MigrateOptions {
  readonly url: string;
  /** The service's own prisma/migrations when absent. */
  readonly folder?: string;
  readonly log: { info(facts: object, message: string): void };
  /** How long to wait for another process that is migrating the same database. */
  readonly lockTimeoutMs?: number;
}

/** @returns the names of the migrations that this call has applied, in order. */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(options.folder);
  return withClient(options.url, async (client) => {
    await lock(client, options.lockTimeoutMs ?? LOCK_TIMEOUT_MS);
    await createRecords(client);
    const records = await readRecords(client);
    refuseUnlessOurs(migrations, records);

    const applied: string[] = [];
    for (const migration of migrations) {
      const record = records.find(({ name }) => name === migration.name);
      if (record?.finished === true) continue;
      const started = performance.now();
      await prepareSession(client);
      try {
        if (migration.inTransaction) await applyInTransaction(client, migration);
        else await applyAlone(client, migration, record);
      } catch (cause) {
        throw failed(migration, cause);
      }
      applied.push(migration.name);
      const elapsedMs = Math.round(performance.now() - started);
      options.log.info({ migration: migration.name, elapsedMs }, `applied migration ${migration.name}`);
    }
    return { applied };
  });
}

/** A check of readiness asks every few seconds, or many times a second: they share one question. */
const PENDING_REUSED_MS = 1_000;
const pendingAnswers = new Map<string, Promise<string[]>>();

/** Names of the migrations in the folder that the database lacks; an answer may be a second old. */
export async function pendingMigrations(url: string, folder: string = MIGRATIONS_FOLDER): Promise<string[]> {
  const key = `${folder}\n${url}`;
  const known = pendingAnswers.get(key);
  if (known !== undefined) return known;
  const answer = readPending(url, folder).finally(() => {
    setTimeout(() => pendingAnswers.delete(key), PENDING_REUSED_MS).unref();
  });
  pendingAnswers.set(key, answer);
  return answer;
}

async function readPending(url: string, folder: string): Promise<string[]> {
  const names = await migrationNames(folder);
  const records = await withClient(url, readRecords, { query_timeout: CONNECT_TIMEOUT_MS }).catch(
    (error: { code?: string }) => {
      if (error.code === UNDEFINED_TABLE) return [];
      throw error;
    },
  );
  const applied = new Set(records.filter(({ finished }) => finished).map(({ name }) => name));
  return names.filter((name) => !applied.has(name));
}

async function withClient<T>(
  url: string,
  work: (client: Client) => Promise<T>,
  options: ClientConfig = {},
): Promise<T> {
  const client = new Client({
    ...options,
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: "spillway migrate",
  });
  // A connection that breaks fails the query in hand; without a listener it would end the process as well.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function lock(client: Client, timeoutMs: number): Promise<void> {
  await prepareSession(client);
  await client.query(`SET lock_timeout = ${timeoutMs}`);
  await client.query("SELECT pg_advisory_lock($1)", [PRISMA_LOCK]).catch((cause: { code?: string }) => {
    if (cause.code !== LOCK_NOT_AVAILABLE) throw cause;
    throw new SpillwayError(
      "UNAVAILABLE",
      `cannot migrate the database: another process has been migrating it for ${timeoutMs / 1000} s (it holds ` +
        `the advisory lock ${PRISMA_LOCK}): wait until it is done, or end its session`,
      { cause },
    );
  });
}

/**
 * Undoes what the file before has SET, and lifts the limits that a role may have for ordinary statements. A
 * file that needs a limit, on its wait for a lock say, sets its own.
 */
async function prepareSession(client: Client): Promise<void> {
  await client.query("RESET ALL");
  await client.query(
    "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0",
  );
  // The session of a killed runner then ends within a second, and its lock with it, and not only when its
  // statement is done. Servers before version 14, and those of some platforms, do not have it.
  await client.query("SET client_connection_check_interval = '1s'").catch(() => undefined);
}

async function applyInTransaction(client: Client, migration: Migration): Promise<void> {
  await client.query("BEGIN");
  try {
    const id = randomUUID();
    const transaction = await transactionId(client);
    await insertStarted(client, id, migration);
    await client.query(migration.sql);
    if ((await transactionId(client)) !== transaction) {
      throw new Error(
        "it ends the transaction that the runner has begun for it: remove its COMMIT or ROLLBACK",
      );
    }
    await markFinished(client, id, migration);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

async function transactionId(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>("SELECT txid_current()::text AS id");
  return rows[0]?.id;
}

/** Outside a transaction: the row is written before and completed after, so that a run cut short is seen. */
async function applyAlone(client: Client, migration: Migration, record: Recorded | undefined): Promise<void> {
  const id = record?.id ?? randomUUID();
  if (record === undefined) await insertStarted(client, id, migration);
  else await dropInvalidIndexes(client, migration);
  await client.query(migration.sql);
  await markFinished(client, id, migration);
}

/**
 * CREATE INDEX CONCURRENTLY that was cut short leaves an index that is never used, and IF NOT EXISTS would
 * take it for done. Only those that the file names are dropped: a person may be making another.
 */
async function dropInvalidIndexes(client: Client, migration: Migration): Promise<void> {
  const { rows } = await client.query<{ name: string; quoted: string }>(
    `SELECT class.relname AS name, format('%I.%I', namespace.nspname, class.relname) AS quoted
       FROM pg_index AS index
       JOIN pg_class AS class ON class.oid = index.indexrelid
       JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
      WHERE NOT index.indisvalid`,
  );
  for (const { name, quoted } of rows) {
    if (migration.sql.includes(name)) await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${quoted}`);
  }
}

function failed(migration: Migration, cause: unknown): SpillwayError {
  const { message, code, position } = cause as { message?: string; code?: string; position?: string };
  const where = position === undefined ? "" : ` at line ${lineOf(migration.sql, Number(position))}`;
  const state = code === undefined ? "" : ` (${code})`;
  return new SpillwayError(
    "INTERNAL",
    `cannot apply the migration ${migration.name}${where}: ${message ?? String(cause)}${state}`,
    { cause },
  );
}

/** @param position in characters, from 1, as Postgres counts. */
function lineOf(sql: string, position: number): number {
  return [...sql].slice(0, position - 1).filter((character) => character === "\n").length + 1;
}
