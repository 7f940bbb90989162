import { addCounts, type Count } from "../protocol/count.ts";
import type { Increases } from "./increases.ts";
import type { Snapshot } from "./snapshot.ts";

export const MINUTE_MS = 60_000;

/** The start of the minute that a time lies in. An increase belongs to the minute of its later snapshot. */
export function minuteOf(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

/** What one counter did at one position of a shard. */
export interface PositionIncrease {
  /** Place of the namespace in its shard, 0 to 255. */
  readonly position: number;
  readonly value: Count;
  /** The part of `value` that no rate may use. */
  readonly unrated: Count;
}

/** One counter in one minute of a shard. */
export interface CounterMinute {
  readonly counterId: number;
  readonly total: Count;
  readonly unrated: Count;
  readonly peak: Count;
  /** By position; only those that moved. */
  readonly positions: readonly PositionIncrease[];
}

/** The reporters of one layout in one minute of a shard. */
export interface LayoutMinute {
  readonly layoutId: number;
  readonly coveredMs: number;
  /** Covered ms of each position that reported; 0 for one that gave a baseline only. */
  readonly positions: readonly { readonly position: number; readonly coveredMs: number }[];
}

/**
 * Adds up what the namespaces of a shard did in one minute. The result depends on the set of snapshots
 * added and not on their order.
 */
export class MinuteSum {
  readonly #counters = new Map<number, Map<number, { value: Count; unrated: Count }>>();
  readonly #layouts = new Map<number, Map<number, number>>();
  readonly #wanted: ((counterId: number) => boolean) | null;

  /** @param wanted the counters to add up; null for all */
  constructor(wanted: ((counterId: number) => boolean) | null = null) {
    this.#wanted = wanted;
  }

  add(position: number, snapshot: Snapshot, increases: Increases): void {
    const { layout } = snapshot;
    const covered = getOrMake(this.#layouts, layout.id, () => new Map<number, number>());
    covered.set(position, (covered.get(position) ?? 0) + increases.ratedMs);

    const rated = increases.ratedMs > 0;
    for (let index = 0; index < increases.counts.length; index++) {
      const count = increases.counts[index] ?? 0;
      if (count === 0) continue;
      const counterId = layout.counterIds[index] ?? -1;
      if (this.#wanted !== null && !this.#wanted(counterId)) continue;
      const sum = getOrMake(
        getOrMake(this.#counters, counterId, () => new Map<number, { value: Count; unrated: Count }>()),
        position,
        () => ({ value: 0 as Count, unrated: 0 as Count }),
      );
      sum.value = addCounts(sum.value, count);
      if (!rated) sum.unrated = addCounts(sum.unrated, count);
    }
  }

  /** The counters that moved, by id. */
  counters(): CounterMinute[] {
    return sortedEntries(this.#counters).map(([counterId, byPosition]) => {
      let total: Count = 0;
      let unrated: Count = 0;
      let peak: Count = 0;
      const positions = sortedEntries(byPosition).map(([position, sum]) => {
        total = addCounts(total, sum.value);
        unrated = addCounts(unrated, sum.unrated);
        if (sum.value > peak) peak = sum.value;
        return { position, value: sum.value, unrated: sum.unrated };
      });
      return { counterId, total, unrated, peak, positions };
    });
  }

  /** The layouts that reported, by id. */
  layouts(): LayoutMinute[] {
    return sortedEntries(this.#layouts).map(([layoutId, byPosition]) => {
      const positions = sortedEntries(byPosition).map(([position, coveredMs]) => ({ position, coveredMs }));
      return { layoutId, coveredMs: positions.reduce((sum, entry) => sum + entry.coveredMs, 0), positions };
    });
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function sortedEntries<V>(map: ReadonlyMap<number, V>): [number, V][] {
  return [...map].sort((a, b) => a[0] - b[0]);
}
