/**
 * postmaster.pid, which Postgres writes into its cluster while it runs: the process id, the folder of the
 * socket, and whether it is ready. A server that was killed leaves it behind, and its process id may by then
 * be somebody else's.
 */
import { readFile, realpath, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { PORT } from "./layout.ts";
import { commandLine, isAlive, startOf } from "./processes.ts";

export interface PostmasterFile {
  readonly pid: number;
  readonly socketDir: string;
  readonly ready: boolean;
}

/** Undefined when there is none, or it is only half written. */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const lock = await readLock(join(cluster, "postmaster.pid"));
  if (lock === undefined) return undefined;
  // Line 5 is the socket's folder, line 8 the state; the rest is of no use here.
  const lines = lock.text.split("\n");
  return { pid: lock.pid, socketDir: lines[4] ?? "", ready: lines[7]?.trim() === "ready" };
}

async function readLock(file: string): Promise<{ readonly pid: number; readonly text: string } | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  return Number.isSafeInteger(pid) && pid > 0 ? { pid, text } : undefined;
}

/** A server that we, or a service before us, have started on this cluster. */
export interface Postmaster {
  readonly pid: number;
  readonly socketDir: string;
  /** The service that started it, as `describeProcess` writes it. */
  readonly owner: string;
}

/** The setting by which a server carries its owner. */
export const OWNER_SETTING = "spillway.owner";

/**
 * The server running on the cluster, if the process in postmaster.pid is one: it must be a program named
 * postgres that was started on this very folder. Anything else is a process that was given the id later.
 */
export async function findPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const file = await readPostmasterFile(cluster);
  if (file === undefined) return undefined;
  const text = (await commandLine(file.pid)) ?? "";
  // As spawnServer() writes it: the program, the folder, then settings.
  const [, program, folder] = /^(.*?) -D (.*?)(?: -c .*)?$/s.exec(text) ?? [];
  if (program === undefined || folder === undefined || basename(program) !== "postgres") return undefined;
  if ((await realOf(folder)) !== (await realOf(cluster))) return undefined;
  if ((await startOf(file.pid)) === undefined) return undefined;
  const owner = new RegExp(` -c ${OWNER_SETTING.replace(".", "[.]")}=(\\S+)`).exec(text)?.[1] ?? "";
  return { pid: file.pid, socketDir: file.socketDir, owner };
}

async function realOf(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/**
 * Removes the lock files of a killed server whose process id now belongs to something else. Postgres itself
 * would take that process for a server and refuse to start. Files whose process is gone are left to
 * Postgres, which knows more about them (shared memory that is still in use).
 *
 * To be called when no server runs on the cluster.
 */
export async function removeForeignLocks(
  cluster: string,
  socketDir: string,
): Promise<{ readonly file: string; readonly pid: number }[]> {
  const removed = [];
  for (const file of [join(cluster, "postmaster.pid"), join(socketDir, `.s.PGSQL.${PORT}.lock`)]) {
    const before = await readLock(file);
    if (before === undefined || !isAlive(before.pid)) continue;
    if ((await findPostmaster(cluster)) !== undefined) break;
    // Another start may have replaced the file while its process was looked up.
    if ((await readLock(file))?.text !== before.text) break;
    await rm(file, { force: true });
    removed.push({ file, pid: before.pid });
  }
  return removed;
}
