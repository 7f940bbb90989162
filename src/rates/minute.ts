import { addCounts, type Count } from "../protocol/count.ts";
import type { Increases } from "./increases.ts";
import { POSITIONS, ShardSums } from "./shard-sums.ts";
import type { Layout, Snapshot } from "./snapshot.ts";
import { BIG } from "./values.ts";

export const MINUTE_MS = 60_000;

/** The start of the minute that a time lies in. An increase belongs to the minute of its later snapshot. */
export function minuteOf(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

/** What one counter did at the positions of a shard. */
export class CounterSum {
  readonly counterId: number;
  /** 0 where it did not move. */
  readonly values = new ShardSums();
  /** The parts of the values that no rate may use; null when there are none. */
  unrated: ShardSums | null = null;

  constructor(counterId: number) {
    this.counterId = counterId;
  }

  add(position: number, count: Count, rated: boolean): void {
    this.values.add(position, count);
    if (rated) return;
    this.unrated ??= new ShardSums();
    this.unrated.add(position, count);
  }

  /** Adds a sum and the part of it that no rate may use. */
  addSum(position: number, value: Count, unrated: Count): void {
    this.values.add(position, value);
    if (unrated === 0) return;
    this.unrated ??= new ShardSums();
    this.unrated.add(position, unrated);
  }

  /** The sums over all positions; `affected` is the number of positions that moved. */
  summary(): { total: Count; unrated: Count; peak: Count; affected: number } {
    let total: Count = 0;
    let unrated: Count = 0;
    let peak: Count = 0;
    let affected = 0;
    for (let position = 0; position < POSITIONS; position++) {
      if (this.values.numbers[position] === 0) continue;
      const value = this.values.at(position);
      affected++;
      total = addCounts(total, value);
      if (value > peak) peak = value;
      if (this.unrated !== null) unrated = addCounts(unrated, this.unrated.at(position));
    }
    return { total, unrated, peak, affected };
  }
}

/** A position that did not report with a layout. */
const SILENT = -1;

/** Who reported with one layout, and for how long. */
export class LayoutSum {
  readonly layoutId: number;
  /** Covered ms of each position: 0 for one that gave a baseline only, less for one that did not report. */
  readonly coveredMs = new Float64Array(POSITIONS).fill(SILENT);

  constructor(layoutId: number) {
    this.layoutId = layoutId;
  }

  add(position: number, ms: number): void {
    this.coveredMs[position] = Math.max(this.coveredMs[position] as number, 0) + ms;
  }

  reported(position: number): boolean {
    return (this.coveredMs[position] as number) >= 0;
  }
}

/**
 * Adds up what the namespaces of a shard did in a minute, or an hour. The result depends on what was added and
 * not on the order: a position's sum is of its own snapshots alone.
 */
export class MinuteSum {
  readonly #counters = new Map<number, CounterSum>();
  readonly #layouts = new Map<number, LayoutSum>();
  readonly #wanted: ((counterId: number) => boolean) | null;
  readonly #places = new Map<Layout, Places>();

  /** @param wanted the counters to add up; null for all */
  constructor(wanted: ((counterId: number) => boolean) | null = null) {
    this.#wanted = wanted;
  }

  add(position: number, snapshot: Snapshot, increases: Increases): void {
    const { ratedMs, counts } = increases;
    const places = this.#placesOf(snapshot.layout);
    places.layout.add(position, ratedMs);
    if (counts.numbers.length === 0) return;
    const { indexes, sums } = places;
    for (let at = 0; at < indexes.length; at++) {
      const index = indexes[at] as number;
      const number = counts.numbers[index] as number;
      // False for an absent increase too, which is not a number.
      if (!(number > 0)) continue;
      let sum = sums[at];
      if (sum === undefined) {
        sum = this.counter(snapshot.layout.counterIds[index] as number);
        sums[at] = sum;
      }
      sum.add(position, number === BIG ? (counts.big?.get(index) ?? 0) : number, ratedMs > 0);
    }
  }

  /** The sum of a counter, made when it is not there yet. */
  counter(counterId: number): CounterSum {
    return getOrMake(this.#counters, counterId, () => new CounterSum(counterId));
  }

  layout(layoutId: number): LayoutSum {
    return getOrMake(this.#layouts, layoutId, () => new LayoutSum(layoutId));
  }

  /** The counters that were added, by id; one may not have moved. */
  counters(): CounterSum[] {
    return [...this.#counters.values()].sort((a, b) => a.counterId - b.counterId);
  }

  /** The layouts that were added, by id. */
  layouts(): LayoutSum[] {
    return [...this.#layouts.values()].sort((a, b) => a.layoutId - b.layoutId);
  }

  #placesOf(layout: Layout): Places {
    return getOrMake(this.#places, layout, () => {
      const wanted = this.#wanted;
      const indexes = [...layout.counterIds.keys()].filter(
        (index) =>
          layout.gauges[index] === 0 && (wanted === null || wanted(layout.counterIds[index] as number)),
      );
      const sums = new Array<CounterSum | undefined>(indexes.length).fill(undefined);
      return { indexes: Int32Array.from(indexes), sums, layout: this.layout(layout.id) };
    });
  }
}

/** The counters of a layout that are added up: where they stand in it, and their sums. */
interface Places {
  readonly indexes: Int32Array;
  readonly sums: (CounterSum | undefined)[];
  readonly layout: LayoutSum;
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
