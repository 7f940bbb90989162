import { setTimeout as pause } from "node:timers/promises";

const POLL_MS = 20;

/** What takes a second by itself may take many on a machine that is busy with others' work. */
const TIMEOUT_MS = 30_000;

export interface WaitOptions {
  readonly timeoutMs?: number;
}

/**
 * Waits for a condition: resolves with the first truthy value of `probe`. A probe that throws counts as "not
 * yet". At the deadline the error says what was awaited and what the probe gave last.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  { timeoutMs = TIMEOUT_MS }: WaitOptions = {},
): Promise<Exclude<Awaited<T>, false | null | undefined | "" | 0>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await probe();
      if (value) return value as Exclude<Awaited<T>, false | null | undefined | "" | 0>;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${what}; last: ${describe(last)}`, { cause: last });
    }
    await pause(POLL_MS);
  }
}

function describe(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
