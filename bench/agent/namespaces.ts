import { type ChildProcess, spawn } from "node:child_process";
import { statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Makes network namespaces, each held by one process that ends by itself after `seconds`.
 *
 * @throws Error when this user may not, or the kernel will not.
 */
export async function makeNamespaces(count: number, seconds: number): Promise<readonly ChildProcess[]> {
  if (count === 0) return [];
  if (process.getuid?.() !== 0) throw new Error("--namespaces: only root may make network namespaces");
  const holders: ChildProcess[] = [];
  try {
    for (let i = 0; i < count; i += 1) {
      const holder = spawn("unshare", ["-n", "sleep", String(seconds)], { stdio: "ignore" });
      holder.on("error", () => {});
      holders.push(holder);
    }
    await untilApart(holders);
  } catch (error) {
    for (const holder of holders) holder.kill("SIGKILL");
    throw error;
  }
  return holders;
}

/** Until each of them is in a namespace of its own. */
async function untilApart(holders: readonly ChildProcess[]): Promise<void> {
  const own = statSync("/proc/self/ns/net").ino;
  const inodeOf = ({ pid }: ChildProcess) =>
    statSync(`/proc/${pid}/ns/net`, { throwIfNoEntry: false })?.ino ?? own;
  for (let tries = 0; tries < 200; tries += 1) {
    const inodes = new Set(holders.map(inodeOf));
    if (!inodes.has(own) && inodes.size === holders.length) return;
    await sleep(50);
  }
  throw new Error(`could not make ${holders.length} network namespaces in 10 s`);
}
