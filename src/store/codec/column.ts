import { type Count, toCount } from "../../protocol/count.ts";
import { VarintReader, type VarintWriter } from "./varint.ts";

/**
 * A column of up to 256 counts, as the rollups keep it: every value in the same number of bytes (0 to 6, low
 * byte first), and the few that need more behind it as exceptions. A reader runs through values of one width
 * several times faster than through varints, and one busy host does not widen the column for all.
 *
 * A head byte: the width, plus EXCEPTIONS where some follow: a byte of how many less one, and for each a byte of
 * its index and a varint of its value. Its slot in the column holds 0.
 */
const EXCEPTIONS = 0x10;
const WIDTH_MAX = 6;

/** Where a reader stands. */
export interface Cursor {
  readonly bytes: Uint8Array;
  offset: number;
}

/** Counts above 2^53-1 by index; null where there is none. */
export type BigCounts = Map<number, bigint> | null;

/**
 * Reads a column into `out`, from index 0. A count above 2^53-1 is there as the nearest float, and exact in
 * what is returned.
 *
 * @throws RangeError where the bytes end within the column
 */
export function readColumn(cursor: Cursor, length: number, out: Float64Array): BigCounts {
  const { bytes } = cursor;
  const head = bytes[cursor.offset];
  const width = (head ?? 0) & 0xf;
  const start = cursor.offset + 1;
  const end = start + length * width;
  if (head === undefined || width > WIDTH_MAX || end > bytes.length) {
    throw new RangeError(`cannot read a column at byte ${cursor.offset} of ${bytes.length}`);
  }
  cursor.offset = end;
  readFixed(bytes, start, width, length, out);
  return (head & EXCEPTIONS) === 0 ? null : readExceptions(cursor, length, out);
}

/** A loop for each width: the compiler makes of each what a loop over widths would cost several times over. */
function readFixed(b: Uint8Array, start: number, width: number, length: number, out: Float64Array): void {
  let at = start;
  switch (width) {
    case 0:
      out.fill(0, 0, length);
      return;
    case 1:
      for (let i = 0; i < length; i++) out[i] = b[at++] as number;
      return;
    case 2:
      for (let i = 0; i < length; i++, at += 2) out[i] = low16(b, at);
      return;
    case 3:
      for (let i = 0; i < length; i++, at += 3) out[i] = low16(b, at) | ((b[at + 2] as number) << 16);
      return;
    case 4:
      for (let i = 0; i < length; i++, at += 4) out[i] = low32(b, at);
      return;
    case 5:
      for (let i = 0; i < length; i++, at += 5) out[i] = low32(b, at) + (b[at + 4] as number) * 2 ** 32;
      return;
    default:
      for (let i = 0; i < length; i++, at += 6) out[i] = low32(b, at) + low16(b, at + 4) * 2 ** 32;
  }
}

function low16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function low32(bytes: Uint8Array, at: number): number {
  return (low16(bytes, at) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
}

function readExceptions(cursor: Cursor, length: number, out: Float64Array): BigCounts {
  const reader = new VarintReader(cursor.bytes.subarray(cursor.offset));
  let big: BigCounts = null;
  for (let left = reader.byte() + 1; left > 0; left--) {
    const index = reader.byte();
    if (index >= length) throw new RangeError(`cannot read a column: an exception at ${index} of ${length}`);
    const value = reader.varint();
    out[index] = Number(value);
    if (typeof value === "bigint") {
      big ??= new Map();
      big.set(index, value);
    }
  }
  cursor.offset += reader.offset;
  return big;
}

/** Writes the first `length` values as a column of the width that takes the fewest bytes. */
export function writeColumn(
  writer: VarintWriter,
  values: Float64Array,
  big: ReadonlyMap<number, bigint> | null,
  length: number,
): void {
  const width = bestWidth(values, length);
  const limit = 256 ** width;
  const exceptions: number[] = [];
  for (let index = 0; index < length; index++) {
    if ((values[index] as number) >= limit) exceptions.push(index);
  }
  writer.byte(width | (exceptions.length > 0 ? EXCEPTIONS : 0));
  for (let index = 0; index < length; index++) {
    const value = values[index] as number;
    let rest = value < limit ? value : 0;
    for (let byte = 0; byte < width; byte++) {
      writer.byte(rest % 256);
      rest = Math.floor(rest / 256);
    }
  }
  if (exceptions.length === 0) return;
  writer.byte(exceptions.length - 1);
  for (const index of exceptions) {
    writer.byte(index);
    writer.varint(exactAt(values, big, index));
  }
}

function bestWidth(values: Float64Array, length: number): number {
  // How many values take so many bytes; index 7 stands for all that take more than 6.
  const taking = new Uint16Array(WIDTH_MAX + 2);
  for (let index = 0; index < length; index++) {
    let bytes = 0;
    for (let value = values[index] as number; value >= 1 && bytes <= WIDTH_MAX; value /= 256) bytes++;
    taking[bytes] = (taking[bytes] as number) + 1;
  }
  let best = WIDTH_MAX;
  let least = Number.POSITIVE_INFINITY;
  let exceptionBytes = 0;
  for (let width = WIDTH_MAX; width >= 0; width--) {
    // An exception costs its index and a varint, which is about one byte longer than the value.
    exceptionBytes += (taking[width + 1] as number) * (width + 3);
    const bytes = length * width + exceptionBytes;
    if (bytes < least) {
      least = bytes;
      best = width;
    }
  }
  return best;
}

/** The count at an index: `values` holds it unless it is above 2^53-1. */
export function exactAt(values: Float64Array, big: ReadonlyMap<number, bigint> | null, index: number): Count {
  const exact = big?.get(index);
  return exact === undefined ? (values[index] as number) : toCount(exact);
}

/** One value of the column at the cursor, which stays; above 2^53-1 the nearest float. */
export function columnAt({ bytes, offset }: Cursor, length: number, index: number): number {
  const head = bytes[offset];
  const width = (head ?? 0) & 0xf;
  const end = offset + 1 + length * width;
  if (head === undefined || width > WIDTH_MAX || end > bytes.length) {
    throw new RangeError(`cannot read a column at byte ${offset} of ${bytes.length}`);
  }
  let value = 0;
  for (let byte = width - 1, at = offset + 1 + index * width; byte >= 0; byte--) {
    value = value * 256 + (bytes[at + byte] as number);
  }
  if (value !== 0 || (head & EXCEPTIONS) === 0) return value;
  const reader = new VarintReader(bytes.subarray(end));
  for (let left = reader.byte() + 1; left > 0; left--) {
    const at = reader.byte();
    const exception = reader.varint();
    if (at === index) return Number(exception);
  }
  return 0;
}
