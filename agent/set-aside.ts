import type { QueuedSnapshot } from "./snapshot.ts";

/** Snapshots that the service will not take and that are not deleted on its word alone. */
export interface SetAside {
  add(snapshot: QueuedSnapshot, code: string, message: string): void;
  /** How many were ever added, by code. */
  readonly counts: ReadonlyMap<string, number>;
  /** The newest of them. */
  readonly entries: readonly AsideEntry[];
}

export interface AsideEntry {
  readonly snapshot: QueuedSnapshot;
  readonly code: string;
  readonly message: string;
}

/** Keeps the newest `limit` in memory. */
export function createSetAside(limit = 100): SetAside {
  const counts = new Map<string, number>();
  const entries: AsideEntry[] = [];
  return {
    add(snapshot, code, message) {
      counts.set(code, (counts.get(code) ?? 0) + 1);
      entries.push({ snapshot, code, message });
      if (entries.length > limit) entries.shift();
    },
    counts,
    entries,
  };
}
