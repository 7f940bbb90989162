/**
 * A copy of the cluster of a server that runs, by Postgres' low-level backup API ("Making a Base Backup Using the
 * Low-Level API" in its manual, version 18): files are copied while they change, and the log that was written meanwhile
 * makes them whole when the copy is started.
 */
import { randomBytes } from "node:crypto";
import { chown, copyFile, lstat, mkdir, open, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";

/** Folders that a server makes its own anew: the copy has them empty. */
const EMPTY = new Set([
  "pg_wal",
  "pg_replslot",
  "pg_dynshmem",
  "pg_notify",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
]);
/** Files that are of the running server alone. */
const LEFT_OUT = /^(postmaster\.(pid|opts)|backup_label|tablespace_map|pgsql_tmp.*)$/;

/**
 * Copies a cluster into a folder that does not exist yet, with modes and owners.
 *
 * @param url of the server that runs it, by a superuser
 * @returns the bytes copied
 * @throws what the file system or Postgres throw; the folder is then no backup
 */
export async function copyCluster(url: string, cluster: string, target: string): Promise<number> {
  const client = new Client({ connectionString: url, application_name: "spillway backup" });
  // A connection that breaks fails the statement in hand; without a listener it would end the process as well.
  client.on("error", () => undefined);
  await client.connect();
  try {
    const slot = `spillway_backup_${randomBytes(6).toString("hex")}`;
    // Temporary: it goes with the connection. Until then no log that the copy needs is recycled.
    await client.query("SELECT pg_create_physical_replication_slot($1, true, true)", [slot]);
    const start = await walFile(client, "pg_backup_start('spillway', fast => true)");
    let bytes = await copyFolder(cluster, target, (path) => !LEFT_OUT.test(path));
    const { rows } = await client.query<{ lsn: string; labelfile: string }>(
      "SELECT lsn, labelfile FROM pg_backup_stop(wait_for_archive => false)",
    );
    const [stopped] = rows;
    if (stopped === undefined) throw new Error("Postgres did not say where the backup ends");
    const end = await walFile(client, "$1::pg_lsn", [stopped.lsn]);
    const wal = (name: string) => /^[0-9A-F]{24}$/.test(name) && name >= start && name <= end;
    bytes += await copyFiles(join(cluster, "pg_wal"), join(target, "pg_wal"), wal);
    // Last: with it the copy is a backup, and says from where the log is to be read.
    await keep(join(target, "backup_label"), stopped.labelfile, join(target, "PG_VERSION"));
    return bytes;
  } finally {
    await client.end();
  }
}

/** The name of the file of the log that holds what an expression points at. */
async function walFile(client: Client, position: string, values: readonly string[] = []): Promise<string> {
  const { rows } = await client.query<{ name: string }>(`SELECT pg_walfile_name(${position}) AS name`, [
    ...values,
  ]);
  return rows[0]?.name ?? "";
}

async function copyFolder(from: string, to: string, takes: (name: string) => boolean): Promise<number> {
  await makeAlike(from, to);
  let bytes = await copyFiles(from, to, takes);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (!entry.isDirectory() || !takes(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (EMPTY.has(entry.name)) await makeAlike(source, target);
    else bytes += await copyFolder(source, target, takes);
  }
  return bytes;
}

async function makeAlike(from: string, to: string): Promise<void> {
  const { mode, uid, gid } = await lstat(from);
  await mkdir(to, { recursive: true, mode: mode & 0o777 });
  if (process.getuid?.() === 0) await chown(to, uid, gid);
}

/** The files of a folder, without those below it. One that has gone meanwhile is one that was dropped. */
async function copyFiles(from: string, to: string, takes: (name: string) => boolean): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isFile() && takes(entry.name))
      bytes += await copyOne(join(from, entry.name), join(to, entry.name));
  }
  return bytes;
}

async function copyOne(from: string, to: string): Promise<number> {
  try {
    await copyFile(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
  return settle(to, from);
}

async function keep(path: string, text: string, like: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  await settle(path, like);
}

/** On the disk, and its owner's. @returns its bytes */
async function settle(path: string, like: string): Promise<number> {
  const file = await open(path, "r+");
  try {
    if (process.getuid?.() === 0) {
      const { uid, gid } = await lstat(like);
      await file.chown(uid, gid);
    }
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
