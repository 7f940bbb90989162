import { type ChildProcess, spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A process group of its own: a terminal's signals pass it by. */
  readonly detached?: boolean;
  /** Where what it writes to standard error goes; by default where that of this process goes. */
  readonly stderr?: "inherit" | "pipe";
}

/**
 * Starts one of processes/, with a channel.
 *
 * @param before what it is started by, such as `unshare -n`; that must become the process, or end with it
 */
export function startProcess(
  before: readonly string[],
  name: string,
  given: object,
  { env = process.env, detached = false, stderr = "inherit" }: StartOptions = {},
): ChildProcess {
  // As this file is: built, or as it was written.
  const file = fileURLToPath(new URL(`./processes/${name}${extname(import.meta.url)}`, import.meta.url));
  const [command = "", ...args] = [
    ...before,
    process.execPath,
    ...process.execArgv,
    file,
    JSON.stringify(given),
  ];
  return spawn(command, args, { env, detached, stdio: ["ignore", "ignore", stderr, "ipc"] });
}
