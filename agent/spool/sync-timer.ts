import type { Timers } from "../timers.ts";

const SYNC_MS = 1_000;
/** A sync costs 0.2 ms of CPU: at the usual interval of 10 s one in each does for both snapshot and answer. */
const LAZY_SYNC_MS = 15_000;

/** When the spool syncs by itself: at most once a second. */
export interface SyncTimer {
  /** @param isLazy nothing but a repeated push is at stake: the sync of the next append does it as well. */
  schedule(isLazy?: boolean): void;
  cancel(): void;
}

export function createSyncTimer(timers: Timers, sync: () => void): SyncTimer {
  let cancel: (() => void) | null = null;
  let isLazyNow = false;
  return {
    schedule(isLazy = false) {
      if (cancel !== null && (isLazy || !isLazyNow)) return;
      cancel?.();
      isLazyNow = isLazy;
      cancel = timers.after(isLazy ? LAZY_SYNC_MS : SYNC_MS, () => {
        cancel = null;
        sync();
      });
    },
    cancel: () => cancel?.(),
  };
}
