import type { ChildProcess } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

/** What a child has left running may hold its output open: that is not waited for longer. */
const OUTPUT_MS = 1_000;

/** Waits for the end of a child, and for what it has written. @returns its exit code, null for one that was killed */
export async function endOf(child: ChildProcess): Promise<number | null> {
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  await Promise.race([closed, pause(OUTPUT_MS, undefined, { ref: false })]);
  return code;
}
