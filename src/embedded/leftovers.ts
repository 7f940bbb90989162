/**
 * Folders are made under a temporary name and renamed when they are whole. A temporary name holds the
 * process that makes it, so that what a killed start has left can be told from the work of another start.
 */
import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describeProcess, stillAlive } from "./processes.ts";

const MARK = ".making-";

/** A name beside `path`, on the same file system, that this process may use until it renames it. */
export async function temporaryName(path: string): Promise<string> {
  return `${path}${MARK}${await describeProcess(process.pid)}-${randomBytes(4).toString("hex")}`;
}

/** Removes the temporary names of `path` whose process is no more. */
export async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}${MARK}`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const maker = name.slice(prefix.length).replace(/-[^-]*$/, "");
    if ((await stillAlive(maker)) !== undefined) continue;
    // A program of the killed start may be writing there still; then the next start removes it.
    const leftover = join(dirname(path), name);
    await rm(leftover, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}
