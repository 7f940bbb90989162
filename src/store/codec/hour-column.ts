import { type Count, toCount } from "../../protocol/count.ts";
import { ABSENT, BIG } from "../../rates/values.ts";
import { BIG_STEPS, CONSTANT, PACKED, planOf, restOf, WITH_GAPS } from "./hour-column-form.ts";
import { readPacked, writePacked } from "./packed.ts";
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
