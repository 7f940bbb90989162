/**
 * The Postgres that the service brings along and runs as a child process when DATABASE_URL is unset.
 *
 * The data outlives the process: a start finds the cluster of the one before it, however that one ended. The
 * server listens on a Unix socket in a private folder only, and asks for a password there.
 */
import { setTimeout as wait } from "node:timers/promises";
import { findPlatformPackage, prepareBinaries } from "./binaries.ts";
import { ensureCluster, ROLE } from "./cluster.ts";
import { dataDirFault, serverFault } from "./faults.ts";
import { type Layout, layoutOf, makeFolders, PORT, readOrMakePassword } from "./layout.ts";
import type { Log } from "./log.ts";
import { own } from "./ownership.ts";
import { readPostmasterFile } from "./postmaster-file.ts";
import { checkReachable } from "./reachable.ts";
import { type Server, type ServerOptions, spawnServer } from "./server.ts";
import { findServerUser } from "./server-user.ts";
import { type ServiceLock, tryServiceLock } from "./service-lock.ts";
import { clearTheWay, inUse, refuseWrongPassword } from "./take-over.ts";

export type { Log } from "./log.ts";

export interface EmbeddedPostgresOptions {
  /** SPILLWAY_DATA_DIR; made when missing. */
  readonly dataDir: string;
  readonly log: Log;
  /** False for tests alone: faster, and a power cut may destroy the cluster. */
  readonly durable?: boolean;
  /** The folder of a platform package, where it is not the installed one. */
  readonly packageDir?: string;
}

export interface EmbeddedPostgres {
  /** Of the database "spillway", over the socket; node-postgres and Prisma read it alike. */
  readonly url: string;
  readonly pid: number;
  /** What a person may want to know about this start, as sentences. */
  readonly notes: readonly string[];
  /** Resolves, never rejects, when the server is gone or may no longer be used. */
  readonly exited: Promise<EmbeddedPostgresExit>;
  /**
   * Ends the server, with a checkpoint if that takes less than `graceMs` (8 s), and otherwise at once, so that
   * the next start recovers from the log. Safe to call twice: the second call waits for the first.
   */
  stop(graceMs?: number): Promise<void>;
}

export interface EmbeddedPostgresExit {
  /** True after stop(). */
  readonly expected: boolean;
  readonly message: string;
}

const START_MS = 60_000;
/** How a server says that another one is there, or was a moment ago. */
const DISPLACED = /lock file "[^"]+" (?:already exists|is empty)|pre-existing shared memory block/;
const POLL_MS = 20;

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, durable = true } = options;
  const notes: string[] = [];
  const layout = layoutOf(options.dataDir);
  const packageDir = options.packageDir ?? findPlatformPackage();
  const { user, binaries, password } = await prepare(layout, packageDir, durable, log).catch((error) => {
    throw dataDirFault(layout.dataDir, error);
  });
  if (user.spawnAs.uid !== undefined) notes.push(`Postgres runs as the user ${user.name}`);
  if (!binaries.postgres.startsWith(packageDir))
    notes.push(`Postgres runs from a copy, ${binaries.postgres}`);

  const started = await startServer({ layout, binaries, user, durable, log }, password);
  if (started.stoppedOrphan) notes.push("took over the data of a service that had been killed");
  const ownership = own(started.server, started.lock, { socketDir: layout.socketDir, password }, log);
  return {
    url: urlOf(layout, password),
    pid: started.server.pid,
    notes,
    exited: ownership.exited,
    stop: ownership.stop,
  };
}

/** Everything on disk that the server needs, made where it is missing. */
async function prepare(layout: Layout, packageDir: string, durable: boolean, log: Log) {
  const user = await findServerUser(layout.cluster);
  await makeFolders(layout, user);
  await checkReachable(layout, user);
  const binaries = await prepareBinaries(packageDir, layout, user, log);
  const password = await readOrMakePassword(layout);
  await ensureCluster({ layout, binaries, user, password, durable, log });
  return { user, binaries, password };
}

interface Started {
  readonly server: Server;
  readonly lock: ServiceLock;
  readonly stoppedOrphan: boolean;
}

/**
 * Tries again when another start was quicker: two services that start at the same moment both come here, and
 * the look at what is running, at the top of each round, decides which of them is refused.
 */
async function startServer(options: ServerOptions, password: string): Promise<Started> {
  const { layout, log } = options;
  let deadline: number | undefined;
  let stoppedOrphan = false;
  for (;;) {
    const way = await clearTheWay(layout, password, log);
    stoppedOrphan ||= way.stoppedOrphan;
    // From the first server of our own: what had to be waited for before is not its fault.
    deadline ??= Date.now() + START_MS;
    const server = await spawnServer(options);
    try {
      const lock = await untilLocked(server, options, password, deadline);
      if (lock !== undefined) {
        await ensureDatabase(lock);
        return { server, lock, stoppedOrphan };
      }
    } catch (error) {
      await server.stop();
      throw error;
    }
    if (Date.now() > deadline) {
      throw serverFault(
        "start the embedded Postgres",
        "another process holds the cluster",
        server.lastLines(),
      );
    }
    await wait(POLL_MS);
  }
}

/** Undefined when the server has ended for a reason that another round can mend. */
async function untilLocked(
  server: Server,
  { layout }: ServerOptions,
  password: string,
  deadline: number,
): Promise<ServiceLock | undefined> {
  let last = "it did not become ready";
  while (Date.now() < deadline) {
    if (!server.isRunning()) {
      const lines = server.lastLines();
      const { code, signal } = await server.ended;
      const displaced = code === 0 || DISPLACED.test(lines.join("\n"));
      if (displaced) return undefined;
      throw serverFault("start the embedded Postgres", `it ended with ${signal ?? `code ${code}`}`, lines);
    }
    const file = await readPostmasterFile(layout.cluster);
    if (file?.pid === server.pid && file.ready) {
      const attempt = await tryServiceLock({ socketDir: layout.socketDir, password });
      if (attempt.kind === "got") return attempt.lock;
      refuseWrongPassword(attempt, layout);
      last = attempt.kind === "held" ? inUse(layout, attempt.by).message : attempt.error.message;
    }
    await wait(POLL_MS);
  }
  throw serverFault(
    "start the embedded Postgres",
    `not ready after ${START_MS / 1000} s: ${last}`,
    server.lastLines(),
  );
}

async function ensureDatabase({ client }: ServiceLock): Promise<void> {
  const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [ROLE]);
  if (rowCount !== 0) return;
  // It copies some megabytes and syncs them: on a slow disk that takes longer than a query about the lock may.
  const creation = { text: `CREATE DATABASE ${ROLE} OWNER ${ROLE}`, query_timeout: START_MS };
  await client.query(creation);
}

export function urlOf(layout: Layout, password: string): string {
  // The host of the URL is not used: the parameter `host`, which may be a folder, goes before it.
  return `postgresql://${ROLE}:${password}@localhost:${PORT}/${ROLE}?host=${encodeURIComponent(layout.socketDir)}`;
}
