/** The processes of this machine, as /proc shows them. */
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";

/** What a process started, and what that started. */
export function descendantsOf({ pid }: Pick<ChildProcess, "pid">): number[] {
  const children = childrenIn(`/proc/${pid}/task/${pid}/children`);
  return children.flatMap((child) => [child, ...descendantsOf({ pid: child })]);
}

function childrenIn(path: string): number[] {
  try {
    return readFileSync(path, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
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
