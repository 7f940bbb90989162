import { setImmediate as turn } from "node:timers/promises";

/** Waits for a condition, letting everything else run, and fails with its name when the deadline passes. */
export async function until(what: string, condition: () => boolean, deadlineMs = 10_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain until ${what}`);
    await turn();
  }
}
