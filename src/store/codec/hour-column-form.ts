import { PACKED_RANGE_MAX, packedBits } from "./packed.ts";

/** Forms: an order, or one of these two; and what is added where the rest is packed, and where rows are absent. */
export const CONSTANT = 3;
/** Order 1, of integers that are not safe as numbers. */
export const BIG_STEPS = 4;
export const PACKED = 8;
export const WITH_GAPS = 16;

/** Twice a number below this is safe, and so is the difference of two differences. */
const REST_MAX = 2 ** 51;

export interface Plan {
  readonly form: number;
  readonly lowest: number;
  readonly range: number;
}

/** The form that costs fewest bits, by a guess of what deflate makes of varints (src/store/codec/hour-column.ts). */
export function planOf(present: Float64Array): Plan {
  const first = present[0] ?? 0;
  let constant = true;
  for (let row = 1; constant && row < present.length; row++) constant = present[row] === first;
  if (constant && Math.abs(first) < REST_MAX) return { form: CONSTANT, lowest: 0, range: 0 };

  let best: Plan = { form: BIG_STEPS, lowest: 0, range: 0 };
  let least = Number.POSITIVE_INFINITY;
  for (let order = 0; order <= 2 && order < present.length; order++) {
    const { lowest, highest, largest, deflated } = measure(present, order);
    if (!(largest < REST_MAX)) continue;
    if (order > 0 && deflated < least) {
      least = deflated;
      best = { form: order, lowest: 0, range: 0 };
    }
    const range = highest - lowest + 1;
    if (range > PACKED_RANGE_MAX) continue;
    const packed = 32 + packedBits(present.length - order, range);
    if (packed < least) {
      least = packed;
      best = { form: order + PACKED, lowest, range };
    }
  }
  return best;
}

/** Bits of a varint's byte once deflated, and of how many zeros lie before it. */
const BYTE_BITS = 6;
const ZEROS_BITS = 4;

function measure(
  present: Float64Array,
  order: number,
): { lowest: number; highest: number; largest: number; deflated: number } {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  let largest = 0;
  let deflated = 0;
  let before = 0;
  let step = 0;
  for (let row = 0; row < present.length; row++) {
    const value = present[row] ?? 0;
    const next = value - before;
    const rest = order === 0 ? value : order === 1 || row === 0 ? next : next - step;
    before = value;
    step = row === 0 ? 0 : next;
    const size = rest < 0 ? -rest : rest;
    if (size > largest) largest = size;
    if (row < order) continue;
    if (rest < lowest) lowest = rest;
    if (rest > highest) highest = rest;
    deflated += rest === 0 ? 0 : ZEROS_BITS + BYTE_BITS * varintBytes(size * 2);
  }
  return { lowest, highest, largest, deflated };
}

function varintBytes(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : value < 2 ** 28 ? 4 : 7;
}

/** What is left of numbers when what was expected is taken away. */
export function restOf(present: Float64Array, order: number): Float64Array {
  if (order === 0) return present;
  const rest = new Float64Array(present.length);
  let before = 0;
  let step = 0;
  for (let row = 0; row < present.length; row++) {
    const value = present[row] ?? 0;
    const next = value - before;
    rest[row] = order === 1 || row === 0 ? next : next - step;
    before = value;
    step = row === 0 ? 0 : next;
  }
  return rest;
}
