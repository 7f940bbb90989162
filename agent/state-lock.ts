import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readState } from "./state-folder.ts";

const NAME = "agent.lock";
const STEP_MS = 100;

/**
 * Takes the state folder for this process alone: two agents with one identity and one epoch would stamp the
 * same host by two anchors. The holder is named by process id and start time, so the lock of a process that
 * was killed, whose id may since belong to another, is seen as free.
 *
 * @returns a function that gives it up, or the process id of the holder.
 * @throws Error when the folder cannot be written.
 */
export function lockStateFolder(folder: string): (() => void) | { readonly heldBy: number } {
  const lock = join(folder, NAME);
  const mine = `${process.pid} ${startTicks(process.pid)}\n`;
  const temporary = `${lock}.${process.pid}.tmp`;
  writeFileSync(temporary, mine, { mode: 0o600 });
  try {
    // A link is made complete or not at all, and never over an existing one.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        linkSync(temporary, lock);
        return () => {
          if (readState(folder, NAME) === mine) rmSync(lock, { force: true });
        };
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
      const [pid = "", ticks = ""] = (readState(folder, NAME) ?? "").trim().split(" ");
      if (ticks !== "" && startTicks(Number(pid)) === ticks) return { heldBy: Number(pid) };
      rmSync(lock, { force: true });
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  throw new Error(`cannot take ${lock}: it comes back each time it is removed`);
}

/**
 * Takes the folder, or waits a little for the agent that has it: one that is being stopped takes a moment.
 *
 * @returns a function that gives it up.
 * @throws Error that names the holder and the remedy.
 */
export async function waitForLock(folder: string, patienceMs = 5_000): Promise<() => void> {
  for (let waitedMs = 0; ; waitedMs += STEP_MS) {
    const lock = lockStateFolder(folder);
    if (typeof lock === "function") return lock;
    if (waitedMs >= patienceMs) {
      throw new Error(
        `cannot use the state folder ${folder}: the agent of process ${lock.heldBy} has it; stop that one, or give another --state-dir`,
      );
    }
    await sleep(STEP_MS);
  }
}

/** Start time of a process in clock ticks of uptime, field 22 of its stat; null when there is no such process. */
function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses, which may hold spaces and parentheses itself.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
