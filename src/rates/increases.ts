import { addCounts, type Count, subtractCounts } from "../protocol/count.ts";
import type { Interval } from "./interval.ts";
import type { Layout, Snapshot } from "./snapshot.ts";
import { ABSENT, BIG, type CounterValues, growth, NO_VALUES, valueAt } from "./values.ts";

const WRAP = 2 ** 32;
const HALF_WRAP = 2 ** 31;

/** What the counters of a namespace did up to one snapshot. */
export interface Increases {
  /** Why there is no increase at all, or null. */
  readonly baseline: "first" | "gap" | "out_of_order" | "recreated" | null;
  /** Time that the increases took, in ms; 0 where no rate may be told of them. */
  readonly ratedMs: number;
  /**
   * One for each position of the snapshot's layout (none at all of a baseline), absent where there is no
   * increase to tell: of a gauge, a counter absent on either side, or one that fell.
   */
  readonly counts: CounterValues;
  /** Counters that fell and did not wrap: their ids. A fault of the data, to be shown. */
  readonly fell: readonly number[];
}

const NONE_FELL: readonly number[] = [];

/**
 * The exact increase of every counter up to a snapshot, by the table of docs/architecture.md ("increases
 * and rates").
 */
export function increasesOf(next: Snapshot, interval: Interval): Increases {
  switch (interval.kind) {
    case "baseline":
      return none(interval.reason === "rebooted" ? "first" : interval.reason);
    case "sinceBoot":
      return { baseline: null, ratedMs: 0, counts: fromZero(next), fell: NONE_FELL };
    case "fromZero":
      return { baseline: null, ratedMs: interval.elapsedMs, counts: fromZero(next), fell: NONE_FELL };
    case "interval":
      return differences(interval.previous, next, interval.rated ? interval.elapsedMs : 0);
  }
}

function none(baseline: Increases["baseline"]): Increases {
  return { baseline, ratedMs: 0, counts: NO_VALUES, fell: NONE_FELL };
}

function fromZero({ layout, values }: Snapshot): CounterValues {
  const numbers = Float64Array.from(values.numbers);
  for (let position = 0; position < numbers.length; position++) {
    if (layout.gauges[position] !== 0) numbers[position] = ABSENT;
  }
  return { numbers, big: values.big };
}

/** One loop over typed arrays: nearly every value takes its first branch, and makes no object. */
function differences(previous: Snapshot, next: Snapshot, ratedMs: number): Increases {
  const { layout, values } = next;
  const before = previous.layout.id === layout.id ? previous.values : inOrderOf(layout, previous);
  const { numbers } = values;
  const old = before.numbers;
  const increases = new Float64Array(numbers.length);
  let big: Map<number, bigint> | null = null;
  let fell: number[] | null = null;

  for (let position = 0; position < numbers.length; position++) {
    const difference = (numbers[position] as number) - (old[position] as number);
    if (difference >= 0 && difference < BIG && layout.gauges[position] === 0) {
      increases[position] = difference;
      continue;
    }
    increases[position] = ABSENT;
    if (layout.gauges[position] !== 0) continue;
    let grown = growth(before, position, values, position);
    if (grown === null) continue;
    if (grown === "fell") grown = wrap(before, position, values, next.epoch.wordSize);
    if (grown === null) {
      fell ??= [];
      fell.push(layout.counterIds[position] as number);
    } else if (typeof grown === "bigint") {
      increases[position] = BIG;
      big ??= new Map();
      big.set(position, grown);
    } else increases[position] = grown;
  }
  // One counter that falls has wrapped or is faulty; when half of them fall, these are the counters of
  // another namespace under the same key, and none of the differences means anything.
  if (fell !== null && fell.length > 1 && fell.length * 2 >= nonZero(layout, before, values)) {
    return none("recreated");
  }
  return { baseline: null, ratedMs, counts: { numbers: increases, big }, fell: fell ?? NONE_FELL };
}

/** How many counters there are on both sides, without those that were 0 and are. */
function nonZero(layout: Layout, before: CounterValues, values: CounterValues): number {
  let count = 0;
  for (let position = 0; position < values.numbers.length; position++) {
    if (layout.gauges[position] !== 0) continue;
    const old = before.numbers[position] as number;
    const now = values.numbers[position] as number;
    if (!Number.isNaN(old) && !Number.isNaN(now) && (old !== 0 || now !== 0)) count++;
  }
  return count;
}

/** The increase of a 32-bit counter that went past 2^32-1; null when it did not. */
function wrap(
  before: CounterValues,
  position: number,
  values: CounterValues,
  wordSize: number,
): Count | null {
  if (wordSize !== 32) return null;
  const old = before.numbers[position] ?? ABSENT;
  const now = values.numbers[position] ?? ABSENT;
  if (!(old > HALF_WRAP && old < WRAP && now < WRAP)) return null;
  return subtractCounts(addCounts(WRAP, now), old);
}

/** A snapshot's values in the order of another layout: absent where its own has no such counter. */
function inOrderOf(layout: Layout, { layout: own, values }: Snapshot): CounterValues {
  const positions = positionsIn(own);
  const numbers = new Float64Array(layout.counterIds.length).fill(ABSENT);
  let big: Map<number, bigint> | null = null;
  layout.counterIds.forEach((counterId, position) => {
    const at = positions.get(counterId);
    if (at === undefined) return;
    numbers[position] = values.numbers[at] ?? ABSENT;
    const value = valueAt(values, at);
    if (typeof value !== "bigint") return;
    big ??= new Map();
    big.set(position, value);
  });
  return { numbers, big };
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
