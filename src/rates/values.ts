import { type Count, toCount } from "../protocol/count.ts";

/**
 * The values of one snapshot, one for each position of its layout, exact.
 *
 * Numbers up to 2^53-1 lie in a typed array; the few above lie beside it, and hold `BIG` in the array. A
 * counter that the kernel lacks is `ABSENT`: absent is not zero.
 */
export interface CounterValues {
  readonly numbers: Float64Array;
  readonly big: ReadonlyMap<number, bigint> | null;
}

export const ABSENT = Number.NaN;
export const BIG = Number.POSITIVE_INFINITY;

/** No values at all. */
export const NO_VALUES: CounterValues = { numbers: new Float64Array(0), big: null };

/** The value at a position; null when it is absent or the layout is shorter. */
export function valueAt(values: CounterValues, position: number): Count | null {
  const number = values.numbers[position];
  if (number === undefined || Number.isNaN(number)) return null;
  if (number !== BIG) return number;
  return values.big?.get(position) ?? null;
}

/** Builds values from counts, null for absent. */
export function counterValues(counts: readonly (Count | null)[]): CounterValues {
  const numbers = new Float64Array(counts.length);
  let big: Map<number, bigint> | null = null;
  for (let position = 0; position < counts.length; position++) {
    const count = counts[position] ?? null;
    if (count === null) numbers[position] = ABSENT;
    else if (typeof count === "number") numbers[position] = count;
    else {
      numbers[position] = BIG;
      big ??= new Map();
      big.set(position, count);
    }
  }
  return { numbers, big };
}

/**
 * By how much a counter grew from `old` to `now` at two positions: a count, `"fell"`, or null when it is
 * absent on either side.
 */
export function growth(
  old: CounterValues,
  oldPosition: number,
  now: CounterValues,
  position: number,
): Count | "fell" | null {
  const a = old.numbers[oldPosition];
  const b = now.numbers[position];
  if (a === undefined || b === undefined || Number.isNaN(a) || Number.isNaN(b)) return null;
  if (a !== BIG && b !== BIG) return b >= a ? b - a : "fell";
  const from = BigInt(valueAt(old, oldPosition) ?? 0);
  const to = BigInt(valueAt(now, position) ?? 0);
  return to >= from ? toCount(to - from) : "fell";
}
