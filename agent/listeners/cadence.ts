import type { ListenerSample } from "./seen.ts";

/** How often the listeners of a namespace are looked at: up to which moment there is reason to look often. */
export interface Cadence {
  readonly busyUntilMs: number;
}

export const QUIET: Cadence = { busyUntilMs: Number.NEGATIVE_INFINITY };

/** A peak shorter than this is missed between two samples; ss costs about 2 ms of CPU. */
const BUSY_EVERY_MS = 2_000;
/** How long without drops or a queue half full before it is quiet again. */
const CALM_AFTER_MS = 60_000;

/** The namespace's ListenDrops rose between two snapshots, or a queue was seen half full. */
export function stirred(cadence: Cadence, nowMs: number): Cadence {
  return { busyUntilMs: Math.max(cadence.busyUntilMs, nowMs + CALM_AFTER_MS) };
}

export function isBusy(cadence: Cadence, nowMs: number): boolean {
  return nowMs < cadence.busyUntilMs;
}

export function busyEveryMs(everyMs: number): number {
  return Math.min(BUSY_EVERY_MS, everyMs);
}

/** Some queue holds half of what its limit allows; where limits cannot be seen, some queue holds anything. */
export function isHalfFull({ sockets }: ListenerSample): boolean {
  return sockets.some(
    ({ acceptQueue, limit }) => acceptQueue > 0 && (limit === null || acceptQueue * 2 >= limit),
  );
}
