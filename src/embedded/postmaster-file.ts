/**
 * postmaster.pid, which Postgres writes into its cluster while it runs: the process id, the folder of the
 * socket, and whether it is ready. A server that was killed leaves it behind, and its process id may by then
 * be somebody else's.
 */
import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import { postmasterFile, readLockFile } from "./lock-files.ts";
import { commandLine, startOf } from "./processes.ts";

export interface PostmasterFile {
  readonly pid: number;
  readonly socketDir: string;
  readonly ready: boolean;
}

/** Undefined when there is none, or it is only half written. */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const lock = await readLockFile(postmasterFile(cluster));
  if (lock?.pid === undefined) return undefined;
  // Line 5 is the socket's folder, line 8 the state; the rest is of no use here.
  const lines = lock.text.split("\n");
  return { pid: lock.pid, socketDir: lines[4] ?? "", ready: lines[7]?.trim() === "ready" };
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
