/**
 * The two files by which Postgres keeps a second server off a cluster and off a socket. Each holds a process
 * id in its first line; a server that was killed leaves both behind.
 */
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Layout, PORT } from "./layout.ts";
import { isAlive } from "./processes.ts";

/** Between making a lock file and writing into it a server needs no time worth speaking of. */
const STILL_EMPTY_MS = 5_000;

export function postmasterFile(cluster: string): string {
  return join(cluster, "postmaster.pid");
}

export interface LockFile {
  /** Undefined in a file that is empty, since its server was killed when it had just made it. */
  readonly pid: number | undefined;
  readonly text: string;
}

/** Undefined when there is no such file. */
export async function readLockFile(file: string): Promise<LockFile | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const pid = Number.parseInt(text, 10);
  return { pid: Number.isSafeInteger(pid) && pid > 0 ? pid : undefined, text };
}

/**
 * Removes those that would keep Postgres from starting for no reason: files that stay empty, and files whose
 * process id now belongs to a process that is no server of this cluster. Where the process is gone Postgres
 * sees to it, and knows more (of shared memory that is still in use).
 *
 * @param isFree says that no server runs on the cluster; asked again before each removal.
 * @returns what was removed, as sentences for the log.
 */
export async function removeStaleLocks(layout: Layout, isFree: () => Promise<boolean>): Promise<string[]> {
  const removed: string[] = [];
  for (const file of [postmasterFile(layout.cluster), join(layout.socketDir, `.s.PGSQL.${PORT}.lock`)]) {
    const before = await readLockFile(file);
    if (before === undefined) continue;
    if (before.pid === undefined ? !(await isOld(file)) : !isAlive(before.pid)) continue;
    if (!(await isFree())) break;
    // Another start may have replaced the file while its process was looked up.
    if ((await readLockFile(file))?.text !== before.text) break;
    await rm(file, { force: true });
    removed.push(`removed ${file}: ${before.pid ?? "nothing"} in it is no server of this cluster`);
  }
  return removed;
}

async function isOld(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > STILL_EMPTY_MS;
}
