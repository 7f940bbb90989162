import type { Count } from "../protocol/count.ts";
import { addCounts, subtractCounts } from "../protocol/count.ts";
import type { Interval } from "./interval.ts";
import type { Layout, Snapshot } from "./snapshot.ts";
import { ABSENT, type CounterValues, growth, valueAt } from "./values.ts";

const WRAP = 2 ** 32;
const HALF_WRAP = 2 ** 31;

/** What the counters of a namespace did up to one snapshot. */
export interface Increases {
  /** Why there is no increase at all, or null. */
  readonly baseline: "first" | "gap" | "out_of_order" | "recreated" | null;
  /** Time that the increases took, in ms; 0 where no rate may be told of them. */
  readonly ratedMs: number;
  /**
   * One for each position of the snapshot's layout: a count, or null where there is no increase to tell:
   * a gauge, a counter absent on either side, or one that fell.
   */
  readonly counts: readonly (Count | null)[];
  /** Counters that fell and did not wrap: their ids. A fault of the data, to be shown. */
  readonly fell: readonly number[];
}

/**
 * The exact increase of every counter up to a snapshot, by the table of docs/architecture.md ("increases
 * and rates").
 */
export function increasesOf(next: Snapshot, interval: Interval): Increases {
  switch (interval.kind) {
    case "baseline":
      return none(interval.reason);
    case "sinceBoot":
      return { baseline: null, ratedMs: 0, counts: fromZero(next), fell: [] };
    case "fromZero":
      return { baseline: null, ratedMs: interval.elapsedMs, counts: fromZero(next), fell: [] };
    case "interval":
      return differences(interval.previous, next, interval.rated ? interval.elapsedMs : 0);
  }
}

function none(baseline: Increases["baseline"]): Increases {
  return { baseline, ratedMs: 0, counts: [], fell: [] };
}

function fromZero(next: Snapshot): (Count | null)[] {
  const counts: (Count | null)[] = new Array(next.values.numbers.length).fill(null);
  for (let position = 0; position < counts.length; position++) {
    if (next.layout.gauges[position] !== 1) counts[position] = valueAt(next.values, position);
  }
  return counts;
}

function differences(previous: Snapshot, next: Snapshot, ratedMs: number): Increases {
  const { layout, values } = next;
  const same = previous.layout.id === layout.id;
  const positions = same ? null : positionsIn(previous.layout);
  const counts: (Count | null)[] = new Array(values.numbers.length).fill(null);
  const fell: number[] = [];
  let nonZero = 0;

  for (let position = 0; position < counts.length; position++) {
    if (layout.gauges[position] === 1) continue;
    const counterId = layout.counterIds[position] ?? -1;
    const oldPosition = positions === null ? position : positions.get(counterId);
    if (oldPosition === undefined) continue;
    const grown = growth(previous.values, oldPosition, values, position);
    if (grown === null) continue;
    if (grown !== 0 || previous.values.numbers[oldPosition] !== 0) nonZero++;
    if (grown !== "fell") {
      counts[position] = grown;
      continue;
    }
    const wrapped = wrap(previous, oldPosition, values, position, next.epoch.wordSize);
    if (wrapped === null) fell.push(counterId);
    else counts[position] = wrapped;
  }
  // One counter that falls has wrapped or is faulty; when half of them fall, these are the counters of
  // another namespace under the same key, and none of the differences means anything.
  if (fell.length > 1 && fell.length * 2 >= nonZero) return none("recreated");
  return { baseline: null, ratedMs, counts, fell };
}

/** The increase of a 32-bit counter that went past 2^32-1; null when it did not. */
function wrap(
  previous: Snapshot,
  oldPosition: number,
  values: CounterValues,
  position: number,
  wordSize: number,
): Count | null {
  if (wordSize !== 32) return null;
  const old = previous.values.numbers[oldPosition] ?? ABSENT;
  const now = values.numbers[position] ?? ABSENT;
  if (!(old > HALF_WRAP && old < WRAP && now < WRAP)) return null;
  return subtractCounts(addCounts(WRAP, now), old);
}

const positionCache = new WeakMap<Layout, ReadonlyMap<number, number>>();

/** Where each counter stands in a layout, by its id. */
export function positionsIn(layout: Layout): ReadonlyMap<number, number> {
  let positions = positionCache.get(layout);
  if (positions === undefined) {
    positions = new Map(Array.from(layout.counterIds, (counterId, position) => [counterId, position]));
    positionCache.set(layout, positions);
  }
  return positions;
}
