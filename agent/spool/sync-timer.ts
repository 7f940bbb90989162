import type { Timers } from "../timers.ts";

const SYNC_MS = 1_000;
/** A sync costs 0.2 ms of CPU, and a disk its rest. */
const LAZY_SYNC_MS = 60_000;

/** When the spool syncs by itself: at most once a second. */
export interface SyncTimer {
  /** Something was written, or is to be removed. */
  schedule(): void;
  /** An answer was written: nothing but a repeated push is at stake, so a minute will do. */
  scheduleLazily(): void;
  /** All that was scheduled has its answer by now. */
  relax(): void;
  cancel(): void;
}

export function createSyncTimer(timers: Timers, sync: () => void): SyncTimer {
  let cancelSoon: (() => void) | null = null;
  /** Runs from the first change since the last sync, however often that is put off. */
  let cancelLazy: (() => void) | null = null;

  function cancel(): void {
    cancelSoon?.();
    cancelLazy?.();
    cancelSoon = null;
    cancelLazy = null;
  }

  function run(): void {
    cancel();
    sync();
  }

  function scheduleLazily(): void {
    cancelLazy ??= timers.after(LAZY_SYNC_MS, run);
  }

  return {
    schedule() {
      cancelSoon ??= timers.after(SYNC_MS, run);
      scheduleLazily();
    },
    scheduleLazily,
    relax() {
      cancelSoon?.();
      cancelSoon = null;
    },
    cancel,
  };
}
