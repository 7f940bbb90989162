import type { Cursor } from "./column.ts";
import type { VarintWriter } from "./varint.ts";

/** Namespaces in a shard; a namespace's position is its id modulo this. */
export const SHARD_SIZE = 256;

/**
 * Which positions of a shard a row has values of, in the smallest of three forms behind a head byte: all of
 * them, a bit for each, or a list (a byte of how many, and a byte each).
 */
const ALL = 1;
const BITMAP = 2;
const LIST = 3;
const BITMAP_BYTES = SHARD_SIZE / 8;

/**
 * Reads the positions, ascending, into `out`.
 *
 * @returns how many
 * @throws RangeError where the bytes end among them, or are of no known form
 */
export function readPlacement(cursor: Cursor, out: Uint8Array): number {
  const { bytes } = cursor;
  const form = bytes[cursor.offset++];
  if (form === ALL) {
    for (let position = 0; position < SHARD_SIZE; position++) out[position] = position;
    return SHARD_SIZE;
  }
  if (form === BITMAP && cursor.offset + BITMAP_BYTES <= bytes.length) {
    let count = 0;
    for (let byte = 0; byte < BITMAP_BYTES; byte++) {
      for (let bits = bytes[cursor.offset + byte] as number; bits !== 0; bits &= bits - 1) {
        out[count++] = byte * 8 + 31 - Math.clz32(bits & -bits);
      }
    }
    cursor.offset += BITMAP_BYTES;
    return count;
  }
  const count = bytes[cursor.offset++];
  if (form !== LIST || count === undefined || cursor.offset + count > bytes.length) {
    throw new RangeError(`cannot read positions of form ${form}, ${bytes.length} bytes`);
  }
  for (let index = 0; index < count; index++) out[index] = bytes[cursor.offset + index] as number;
  cursor.offset += count;
  return count;
}

/** @param positions ascending, the first `count` of the array */
export function writePlacement(writer: VarintWriter, positions: Uint8Array, count: number): void {
  if (count === SHARD_SIZE) writer.byte(ALL);
  else if (count < BITMAP_BYTES) {
    writer.byte(LIST);
    writer.byte(count);
    for (let index = 0; index < count; index++) writer.byte(positions[index] as number);
  } else {
    writer.byte(BITMAP);
    const bits = new Uint8Array(BITMAP_BYTES);
    for (let index = 0; index < count; index++) {
      const position = positions[index] as number;
      bits[position >> 3] = (bits[position >> 3] as number) | (1 << (position & 7));
    }
    for (const byte of bits) writer.byte(byte);
  }
}

/** Where a position stands in a row: its index among `count` entries, -1 when it is not there. */
export interface Place {
  index: number;
  count: number;
}

/** The place of one position, without the others; the cursor goes on behind the placement, as of `readPlacement`. */
export function findPlace(cursor: Cursor, position: number, into: Place): void {
  const { bytes } = cursor;
  const form = bytes[cursor.offset++];
  if (form === ALL) {
    into.index = position;
    into.count = SHARD_SIZE;
    return;
  }
  into.index = -1;
  if (form === BITMAP && cursor.offset + BITMAP_BYTES <= bytes.length) {
    let count = 0;
    for (let byte = 0; byte < BITMAP_BYTES; byte++) {
      const bits = bytes[cursor.offset + byte] as number;
      if (byte === position >> 3 && (bits & (1 << (position & 7))) !== 0) {
        into.index = count + bitsIn(bits & ((1 << (position & 7)) - 1));
      }
      count += bitsIn(bits);
    }
    into.count = count;
    cursor.offset += BITMAP_BYTES;
    return;
  }
  const count = bytes[cursor.offset++];
  if (form !== LIST || count === undefined || cursor.offset + count > bytes.length) {
    throw new RangeError(`cannot read positions of form ${form}, ${bytes.length} bytes`);
  }
  for (let index = 0; index < count; index++) {
    if (bytes[cursor.offset + index] === position) into.index = index;
  }
  into.count = count;
  cursor.offset += count;
}

/** How many bits of a byte are set. */
function bitsIn(byte: number): number {
  const pairs = byte - ((byte >> 1) & 0x55);
  const nibbles = (pairs & 0x33) + ((pairs >> 2) & 0x33);
  return (nibbles + (nibbles >> 4)) & 0x0f;
}
