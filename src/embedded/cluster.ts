/**
 * Makes the cluster at the first start: initdb works in a folder of its own, which takes the cluster's name
 * only when it is whole. A start that is killed meanwhile leaves a folder that the next one removes.
 */
import { chown, lstat, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Binaries } from "./binaries.ts";
import { serverFault } from "./faults.ts";
import type { Layout } from "./layout.ts";
import { removeLeftovers, temporaryName } from "./leftovers.ts";
import type { Log } from "./log.ts";
import { runBinary } from "./run-binary.ts";
import type { ServerUser } from "./server-user.ts";

export const ROLE = "spillway";

export interface NewCluster {
  readonly layout: Layout;
  readonly binaries: Binaries;
  readonly user: ServerUser;
  readonly password: string;
  readonly durable: boolean;
  readonly log: Log;
}

/** Two starts at the same moment both make one; the first to finish gives it its name. */
export async function ensureCluster(wanted: NewCluster): Promise<void> {
  const { layout, user, log } = wanted;
  await removeLeftovers(layout.cluster);
  if (await exists(layout.cluster)) return;

  const started = performance.now();
  const temporary = await temporaryName(layout.cluster);
  try {
    await mkdir(temporary, { mode: 0o700 });
    if (user.spawnAs.uid !== undefined) await chown(temporary, user.uid, user.gid);
    const cluster = join(temporary, "cluster");
    await initdb(wanted, cluster, join(temporary, "password"));
    await rename(cluster, layout.cluster).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
    if (wanted.durable) await syncFolder(layout.clusters);
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
  }
  const elapsedMs = Math.round(performance.now() - started);
  log.info(
    { cluster: layout.cluster, user: user.name, elapsedMs },
    `made a Postgres cluster in ${layout.cluster}`,
  );
}

async function initdb(wanted: NewCluster, cluster: string, passwordFile: string): Promise<void> {
  const { user, password, binaries, durable } = wanted;
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user.spawnAs.uid !== undefined) await chown(passwordFile, user.uid, user.gid);
  const { code, output } = await runBinary(
    binaries.initdb,
    [
      `--pgdata=${cluster}`,
      `--username=${ROLE}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      // Postgres' own C.UTF-8 sorts the same on every machine and asks nothing of the host's locales.
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--locale=C",
      "--data-checksums",
      ...(durable ? [] : ["--no-sync"]),
    ],
    user,
  );
  if (code !== 0)
    throw serverFault("make a Postgres cluster", `initdb ended with code ${code}`, output.split("\n"));
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      return false;
    },
  );
}

/** A rename lasts through a power cut only when the folder is synced as well. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
