/**
 * Exact non-negative integers of any size: kernel counters and their sums.
 *
 * A count is a JavaScript number up to 2^53-1 and a bigint above, never a bigint below: almost every
 * value fits a number, which costs a tenth of a bigint, and none may lose a digit. Every function here
 * keeps that form, so counts of equal value are equal by `===` when both are numbers.
 */
export type Count = number | bigint;

/** Largest value of one kernel counter: 2^64-1. */
export const COUNTER_MAX = 18_446_744_073_709_551_615n;

const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** The count of a bigint of any size. */
export function toCount(value: bigint): Count {
  return value <= SAFE_MAX ? Number(value) : value;
}

export function addCounts(a: Count, b: Count): Count {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (sum <= Number.MAX_SAFE_INTEGER) return sum;
  }
  return toCount(BigInt(a) + BigInt(b));
}

/** a - b. @throws RangeError when b is the larger: a count is never negative. */
export function subtractCounts(a: Count, b: Count): Count {
  const difference = typeof a === "number" && typeof b === "number" ? a - b : toCount(BigInt(a) - BigInt(b));
  if (difference < 0) throw new RangeError(`cannot subtract ${b} from ${a}: a count is never negative`);
  return difference;
}

/** Decimal digits of an unsigned 64-bit integer, as /proc and the wire carry it; null for anything else. */
export function parseCounter(text: string): Count | null {
  if (!/^[0-9]{1,20}$/.test(text)) return null;
  if (text.length < 16) return Number(text);
  const value = BigInt(text);
  return value > COUNTER_MAX ? null : toCount(value);
}
