import { cp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Config } from "../config.ts";
import { copyCluster } from "../embedded/backup.ts";
import { startEmbeddedPostgres } from "../embedded/embedded-postgres.ts";
import { layoutOf, makeFolder } from "../embedded/layout.ts";
import { temporaryName } from "../embedded/leftovers.ts";
import { SpillwayError } from "../errors.ts";
import { openStore } from "../store/client.ts";
import { type FleetSize, readFleetSize } from "../store/queries/fleet-size.ts";
import { createLog } from "../telemetry/log.ts";
import { openForCommand } from "./database.ts";

export const BACKUP_USAGE = "backup FOLDER";

/** What is made anew, or is of this machine alone: a second agent with this identity would be a clone. */
const LEFT_OUT = new Set(["postgres", "postgres-bin", "run", "agent"]);

/**
 * Copies the data folder of a service with the embedded database, which may run meanwhile, into one that does not exist:
 * the database, tokens, and what else is kept beside them. The copy is started once, to see that it is whole, and stopped
 * in order: a service can be started on it as it is.
 *
 * @returns what it did, for the terminal
 * @throws CONFIGURATION for wrong words, for a database of one's own, and for a folder that is there
 */
export async function runBackup(config: Config, words: readonly string[]): Promise<string> {
  const [folder, ...more] = words;
  if (folder === undefined || more.length > 0 || folder.startsWith("-")) {
    throw new SpillwayError("CONFIGURATION", `usage: spillway ${BACKUP_USAGE}`);
  }
  if (config.databaseUrl !== null) {
    throw new SpillwayError(
      "CONFIGURATION",
      "DATABASE_URL is set: back that database up with pg_dump, or as you do your others (docs/operations.md, Backup)",
    );
  }
  const target = resolve(folder);
  await refuseUnfit(config.dataDir, target);

  const making = await temporaryName(target);
  try {
    const bytes = await copyData(config, making);
    const { hosts, heardAt } = await checkByStarting(making);
    await rename(making, target);
    const heard =
      heardAt === null ? "none heard of yet" : `last heard of at ${new Date(heardAt).toISOString()}`;
    return [
      `backed up to ${target}: ${(bytes / 1e6).toFixed(1)} MB of database, ${hosts} hosts, ${heard}`,
      "It was started once, and is whole. To restore: SPILLWAY_DATA_DIR=<a copy of it>, and start the service.",
    ].join("\n");
  } catch (error) {
    await rm(making, { recursive: true, force: true, maxRetries: 3 });
    throw error;
  }
}

async function refuseUnfit(dataDir: string, target: string): Promise<void> {
  const inside = relative(resolve(dataDir), target);
  if (inside === "" || !inside.startsWith("..")) {
    throw new SpillwayError(
      "CONFIGURATION",
      `${target} is in the data folder ${dataDir}: name another place`,
    );
  }
  const there = await readdir(target).catch((error: NodeJS.ErrnoException) => error.code);
  if (there !== "ENOENT") {
    throw new SpillwayError("CONFIGURATION", `${target} is there already: name a folder that is not`);
  }
  const parent = await readdir(dirname(target)).catch(() => null);
  if (parent === null) {
    throw new SpillwayError(
      "CONFIGURATION",
      `${dirname(target)} is no folder that can be read: make it first`,
    );
  }
}

/** @returns the bytes of the database */
async function copyData(config: Config, making: string): Promise<number> {
  const { dataDir } = config;
  const { url, close } = await openForCommand(config);
  try {
    // As root the database is another user, who must be able to pass.
    const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
    await makeFolder(join(making, "postgres"), mode);
    const { cluster } = layoutOf(making);
    const bytes = await copyCluster(url, layoutOf(dataDir).cluster, cluster);
    for (const name of await readdir(dataDir)) {
      if (LEFT_OUT.has(name)) continue;
      await cp(join(dataDir, name), join(making, basename(name)), {
        recursive: true,
        preserveTimestamps: true,
      });
    }
    return bytes;
  } finally {
    await close();
  }
}

/** Recovers the copy as a crash would be recovered from, asks it something, and stops it in order. */
async function checkByStarting(dataDir: string): Promise<FleetSize> {
  const postgres = await startEmbeddedPostgres({ dataDir, log: createLog("warn") });
  const store = openStore({
    url: postgres.url,
    poolSize: 1,
    statementTimeoutMs: 60_000,
    applicationName: "spillway backup",
    onError: () => undefined,
  });
  try {
    return await readFleetSize(store.db);
  } finally {
    await store.close();
    await postgres.stop(60_000);
  }
}
