import { addCounts, type Count } from "../protocol/count.ts";
import { GAUGE, type Layout, type Snapshot } from "./snapshot.ts";
import { valueAt } from "./values.ts";

/** What a namespace showed of a gauge. */
export interface GaugeRange {
  /** When `last` was read, ms since 1970. */
  at: number;
  last: Count;
  lowest: Count;
  highest: Count;
}

/** One gauge at the positions of a shard that showed it. */
export class GaugeSum {
  readonly counterId: number;
  readonly #ranges = new Map<number, GaugeRange>();

  constructor(counterId: number) {
    this.counterId = counterId;
  }

  /** Adds what was shown at a position; the order of adding does not matter, `last` is the newest. */
  add(position: number, shown: Readonly<GaugeRange>): void {
    const range = this.#ranges.get(position);
    if (range === undefined) {
      this.#ranges.set(position, { ...shown });
      return;
    }
    if (shown.at >= range.at) {
      range.at = shown.at;
      range.last = shown.last;
    }
    if (shown.lowest < range.lowest) range.lowest = shown.lowest;
    if (shown.highest > range.highest) range.highest = shown.highest;
  }

  /** By position. */
  entries(): [position: number, range: Readonly<GaugeRange>][] {
    return [...this.#ranges].sort((a, b) => a[0] - b[0]);
  }

  summary(): { reporters: number; last: Count } {
    let last: Count = 0;
    for (const range of this.#ranges.values()) last = addCounts(last, range.last);
    return { reporters: this.#ranges.size, last };
  }
}

/** What the gauges of a shard showed in a minute, or an hour. */
export class GaugeSums {
  readonly #gauges = new Map<number, GaugeSum>();

  add(position: number, { at, layout, values }: Snapshot): void {
    for (const index of gaugesIn(layout)) {
      const value = valueAt(values, index);
      if (value === null) continue;
      const shown = { at, last: value, lowest: value, highest: value };
      this.gauge(layout.counterIds[index] as number).add(position, shown);
    }
  }

  gauge(counterId: number): GaugeSum {
    let sum = this.#gauges.get(counterId);
    if (sum === undefined) {
      sum = new GaugeSum(counterId);
      this.#gauges.set(counterId, sum);
    }
    return sum;
  }

  /** By id. */
  gauges(): GaugeSum[] {
    return [...this.#gauges.values()].sort((a, b) => a.counterId - b.counterId);
  }
}

const gaugeCache = new WeakMap<Layout, readonly number[]>();

/** Where the gauges of a layout stand, without its constants. */
function gaugesIn(layout: Layout): readonly number[] {
  let indexes = gaugeCache.get(layout);
  if (indexes === undefined) {
    indexes = [...layout.gauges.keys()].filter((index) => layout.gauges[index] === GAUGE);
    gaugeCache.set(layout, indexes);
  }
  return indexes;
}
