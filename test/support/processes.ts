/** The processes of this machine, as /proc shows them. */
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** What a process started, and what that started. */
export function descendantsOf({ pid }: Pick<ChildProcess, "pid">): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(path)) return [];
  const children = readFileSync(path, "utf8").split(" ").filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendantsOf({ pid: child })]);
}

/** Its letter in /proc; null for one that is gone, or only waits to be buried. */
export function stateOf(pid: number): string | null {
  try {
    const state = /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? null;
    return state === "Z" ? null : state;
  } catch {
    return null;
  }
}
