import type { Timers } from "../../../../agent/timers.ts";

/** Timers of which the test is the clock. */
export interface ManualTimers extends Timers {
  readonly now: () => number;
  /** Lets time pass to the next timer at or before `now() + ms`, one after another, then to the end. */
  advance(ms: number): Promise<void>;
}

export function manualTimers(startMs = 0): ManualTimers {
  let nowMs = startMs;
  const waiting = new Set<{ readonly dueMs: number; readonly run: () => void }>();
  return {
    now: () => nowMs,
    after(ms, run) {
      const timer = { dueMs: nowMs + ms, run };
      waiting.add(timer);
      return () => waiting.delete(timer);
    },
    async advance(ms) {
      const end = nowMs + ms;
      await settled();
      for (;;) {
        const [next] = [...waiting].filter(({ dueMs }) => dueMs <= end).sort((a, b) => a.dueMs - b.dueMs);
        if (next === undefined) break;
        waiting.delete(next);
        nowMs = Math.max(nowMs, next.dueMs);
        next.run();
        await settled();
      }
      nowMs = end;
      await settled();
    },
  };
}

/** Lets everything that is ready to go on do so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
