import { LIMITS } from "../src/protocol/limits.ts";

/** Snapshots that a queue gave up, by reason. */
export interface Drops {
  readonly by: ReadonlyMap<string, number>;
  readonly total: number;
  /** So many that have no id any more. */
  count(reason: string, count: number): void;
  drop(id: number, reason: string): void;
  /**
   * There is an answer for this one. If it was dropped while the push that carried it was under way, it was
   * not given up: it is counted no more.
   */
  answered(id: number): void;
}

export function createDrops(): Drops {
  const by = new Map<string, number>();
  /** Reasons of the newest drops: no more than these can be under way. */
  const recent = new Map<number, string>();

  function count(reason: string, more: number): void {
    if (more !== 0) by.set(reason, (by.get(reason) ?? 0) + more);
  }

  return {
    by,
    get total() {
      let sum = 0;
      for (const one of by.values()) sum += one;
      return sum;
    },
    count,
    drop(id, reason) {
      count(reason, 1);
      recent.set(id, reason);
      for (const oldest of recent.keys()) {
        if (recent.size <= LIMITS.snapshotsPerPush) break;
        recent.delete(oldest);
      }
    },
    answered(id) {
      const reason = recent.get(id);
      if (reason === undefined) return;
      recent.delete(id);
      count(reason, -1);
      if (by.get(reason) === 0) by.delete(reason);
    },
  };
}
