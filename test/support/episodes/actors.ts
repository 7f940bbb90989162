import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import type { Side } from "./messages.ts";

/** Starts what is bundled of processes/ in one of the two namespaces. */
export interface Actors {
  start(side: Side, name: string, options: object): ChildProcess;
  /** Runs `ip` there, and waits. @throws Error with what it wrote */
  ip(side: Side, ...args: readonly string[]): void;
}

/** @param peerPid a process in the namespace of the peers */
export function createActors(bundles: string, peerPid: number): Actors {
  const enter = (side: Side) => (side === "host" ? [] : ["nsenter", "-t", String(peerPid), "-n"]);
  return {
    start: (side, name, options) => startBundle([...enter(side)], bundles, name, options),
    ip(side, ...args) {
      const [command = "", ...rest] = [...enter(side), "ip", ...args];
      execFileSync(command, rest, { stdio: ["ignore", "ignore", "inherit"] });
    },
  };
}

/** @param before what it is started by, such as `unshare -n`; it must become the process, and not its parent */
export function startBundle(
  before: readonly string[],
  bundles: string,
  name: string,
  options: object,
): ChildProcess {
  const [command = "", ...args] = [
    ...before,
    process.execPath,
    join(bundles, `${name}.js`),
    JSON.stringify(options),
  ];
  return spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

/** The first message of a process. @throws Error when it ends without one */
export function said<T>(child: ChildProcess, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as T));
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`${name} ended with ${code ?? signal}, unsaid`)));
  });
}
