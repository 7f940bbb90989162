import { type Count, toCount } from "../../protocol/count.ts";
import { ABSENT, BIG } from "../../rates/values.ts";
import { PACKED_RANGE_MAX, packedBits, readPacked, writePacked } from "./packed.ts";
import type { VarintReader, VarintWriter } from "./varint.ts";

/**
 * A column of whole numbers in the order of time: a byte of form, the rows that are absent, and the numbers as
 * what is left of them when what was expected is taken away. Expected is, whichever costs fewest bits,
 *
 * - nothing (order 0): a gauge that jumps about one value,
 * - the number before (order 1): a counter that stands still, or moves at random,
 * - the number before and its step once more (order 2): a steady flow.
 *
 * What is left is noise or mostly 0. Noise is packed by its range, apart from what is deflated (`packed.ts`). Of
 * the other only what is not 0 is written, zigzag (small numbers of either sign are small), behind how many zeros
 * lie before it.
 */
export interface ColumnWriter {
  /** To be deflated. */
  readonly body: VarintWriter;
  /** To be stored as it is. */
  readonly noise: VarintWriter;
}

export interface ColumnReader {
  readonly body: VarintReader;
  readonly noise: VarintReader;
}

/** Forms: an order, or one of these two; and what is added where the rest is packed, and where rows are absent. */
const CONSTANT = 3;
/** Order 1, of integers that are not safe as numbers. */
const BIG_STEPS = 4;
const PACKED = 8;
const WITH_GAPS = 16;

/** Twice a number below this is safe, and so is the difference of two differences. */
const REST_MAX = 2 ** 51;

/**
 * @param numbers one for each row: NaN where it is absent, BIG where `big` has it
 * @param big by row; null when there is none
 */
export function writeColumn(
  { body, noise }: ColumnWriter,
  numbers: Float64Array,
  big: ReadonlyMap<number, bigint> | null,
): void {
  const present = withoutGaps(numbers);
  const gaps = present.length === numbers.length ? 0 : WITH_GAPS;
  const plan = big === null ? planOf(present) : { form: BIG_STEPS, lowest: 0, range: 0 };
  body.byte(plan.form + gaps);
  if (gaps !== 0) writeRuns(body, numbers);
  if (present.length === 0) return;
  if (plan.form === BIG_STEPS) writeBig(body, numbers, big);
  else if (plan.form === CONSTANT) body.varint(zigzag(present[0] ?? 0));
  else {
    const rest = restOf(present, plan.form & 3);
    if ((plan.form & PACKED) === 0) writeMoves(body, rest);
    else {
      // The first numbers have nothing before them, and would widen the range.
      const heads = plan.form & 3;
      for (let row = 0; row < heads; row++) body.varint(zigzag(rest[row] ?? 0));
      body.varint(zigzag(plan.lowest));
      body.varint(plan.range);
      writePacked(
        noise,
        rest.subarray(heads).map((one) => one - plan.lowest),
        plan.range,
      );
    }
  }
}

/**
 * Reads a column to `into[offset]`, `into[offset + stride]` and so on.
 *
 * @returns the values that are not safe as numbers, by row; BIG stands in their places
 * @throws RangeError where the data ends early or is of no known form
 */
export function readColumn(
  { body, noise }: ColumnReader,
  into: Float64Array,
  offset: number,
  stride: number,
  length: number,
): Map<number, bigint> | null {
  const form = body.byte();
  const rows = (form & WITH_GAPS) === 0 ? null : readRuns(body, length);
  const present = rows?.length ?? length;
  if (rows !== null) for (let row = 0; row < length; row++) into[offset + row * stride] = ABSENT;
  if (present === 0) return null;
  const kind = form & 7;
  if (kind === BIG_STEPS) return readBig(body, into, offset, stride, rows, present);
  if (kind > BIG_STEPS) throw new RangeError(`cannot read a column: ${form} is no form of one`);

  const place = (index: number): number => offset + (rows === null ? index : (rows[index] ?? 0)) * stride;
  if (kind === CONSTANT) {
    const value = unzigzag(safe(body.varint()));
    for (let index = 0; index < present; index++) into[place(index)] = value;
    return null;
  }
  const rest = (form & PACKED) === 0 ? readMoves(body, present) : readNoise(body, noise, present, kind);
  let value = 0;
  let step = 0;
  for (let index = 0; index < present; index++) {
    const one = rest[index] ?? 0;
    if (kind === 0) value = one;
    else {
      // Order 2 expects the step before once more, which the first number has not.
      step = kind === 1 || index === 0 ? one : step + one;
      value += step;
      if (index === 0) step = 0;
    }
    into[place(index)] = value;
  }
  return null;
}

function writeMoves(body: VarintWriter, rest: Float64Array): void {
  let zeros = 0;
  for (const one of rest) {
    if (one === 0) zeros++;
    else {
      body.varint(zeros);
      body.varint(zigzag(one));
      zeros = 0;
    }
  }
  if (zeros > 0) body.varint(zeros);
}

function readMoves(body: VarintReader, length: number): Float64Array {
  const rest = new Float64Array(length);
  for (let index = safe(body.varint()); index < length; ) {
    rest[index++] = unzigzag(safe(body.varint()));
    if (index < length) index += safe(body.varint());
  }
  return rest;
}

function readNoise(body: VarintReader, noise: VarintReader, length: number, heads: number): Float64Array {
  const rest = new Float64Array(length);
  for (let index = 0; index < heads; index++) rest[index] = unzigzag(safe(body.varint()));
  const lowest = unzigzag(safe(body.varint()));
  const own = rest.subarray(heads);
  readPacked(noise, own, safe(body.varint()));
  for (let index = 0; index < own.length; index++) own[index] = (own[index] ?? 0) + lowest;
  return rest;
}

interface Plan {
  readonly form: number;
  readonly lowest: number;
  readonly range: number;
}

/** The form that costs fewest bits, by a guess of what deflate makes of varints. */
function planOf(present: Float64Array): Plan {
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
function restOf(present: Float64Array, order: number): Float64Array {
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

function withoutGaps(numbers: Float64Array): Float64Array {
  let gaps = 0;
  for (let row = 0; row < numbers.length; row++) if (Number.isNaN(numbers[row])) gaps++;
  return gaps === 0 ? numbers : numbers.filter((value) => !Number.isNaN(value));
}

/** Lengths of runs, the first one of rows that are there. */
function writeRuns(body: VarintWriter, numbers: Float64Array): void {
  let absent = false;
  let length = 0;
  for (const value of numbers) {
    if (Number.isNaN(value) === absent) length++;
    else {
      body.varint(length);
      absent = !absent;
      length = 1;
    }
  }
  body.varint(length);
}

/** The rows that are there. */
function readRuns(body: VarintReader, length: number): Int32Array {
  const rows = new Int32Array(length);
  let present = 0;
  let row = 0;
  for (let absent = false; row < length; absent = !absent) {
    const end = row + safe(body.varint());
    if (end > length) throw new RangeError(`cannot read a column: a run of rows ends at ${end} of ${length}`);
    if (absent) row = end;
    else while (row < end) rows[present++] = row++;
  }
  return rows.subarray(0, present);
}

function writeBig(body: VarintWriter, numbers: Float64Array, big: ReadonlyMap<number, bigint> | null): void {
  let before = 0n;
  numbers.forEach((number, row) => {
    if (Number.isNaN(number)) return;
    const value = big?.get(row) ?? BigInt(number);
    const step = value - before;
    body.varint(toCount(step >= 0n ? step << 1n : (-step << 1n) - 1n));
    before = value;
  });
}

function readBig(
  body: VarintReader,
  into: Float64Array,
  offset: number,
  stride: number,
  rows: Int32Array | null,
  present: number,
): Map<number, bigint> {
  const big = new Map<number, bigint>();
  let value = 0n;
  for (let index = 0; index < present; index++) {
    const step = BigInt(body.varint());
    value += (step & 1n) === 0n ? step >> 1n : -((step + 1n) >> 1n);
    const row = rows === null ? index : (rows[index] ?? 0);
    const count = toCount(value);
    if (typeof count === "bigint") big.set(row, count);
    into[offset + row * stride] = typeof count === "bigint" ? BIG : count;
  }
  return big;
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : value * -2 - 1;
}

function unzigzag(value: number): number {
  if (value < 2 ** 31) return (value >>> 1) ^ -(value & 1);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function safe(count: Count): number {
  if (typeof count === "number") return count;
  throw new RangeError(`cannot read a column: ${count} is no step between two numbers`);
}
