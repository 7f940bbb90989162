import type { VarintReader, VarintWriter } from "./varint.ts";

/** Bits of one word at most: with up to seven bits waiting before it, it is still a safe integer. */
const WORD_BITS = 45;

/**
 * Whole numbers from 0 to `range - 1`, all as likely: noise, which no compression makes smaller. As many as fit
 * are the digits of one word to the base `range`, and words follow each other bit by bit, so that a range that
 * is no power of two wastes next to nothing.
 */
export function writePacked(writer: VarintWriter, digits: Float64Array, range: number): void {
  if (range === 1) return;
  const { perWord, bits } = wordOf(range);
  let waiting = 0;
  let count = 0;
  for (let start = 0; start < digits.length; start += perWord) {
    let word = 0;
    for (let index = Math.min(start + perWord, digits.length) - 1; index >= start; index--) {
      word = word * range + (digits[index] ?? 0);
    }
    waiting += word * 2 ** count;
    for (count += bits; count >= 8; count -= 8) {
      writer.byte(waiting % 256);
      waiting = Math.floor(waiting / 256);
    }
  }
  if (count > 0) writer.byte(waiting);
}

/** @throws RangeError where the data ends early, or for a range that nothing is packed by */
export function readPacked(reader: VarintReader, into: Float64Array, range: number): void {
  if (!(range >= 1 && range <= PACKED_RANGE_MAX)) throw new RangeError(`nothing is packed by ${range}`);
  if (range === 1) {
    into.fill(0);
    return;
  }
  const { perWord, bits } = wordOf(range);
  const scale = 2 ** bits;
  let waiting = 0;
  let count = 0;
  for (let start = 0; start < into.length; start += perWord) {
    for (; count < bits; count += 8) waiting += reader.byte() * 2 ** count;
    let word = waiting % scale;
    waiting = Math.floor(waiting / scale);
    count -= bits;
    const end = Math.min(start + perWord, into.length);
    for (let index = start; index < end; index++) {
      const rest = Math.floor(word / range);
      into[index] = word - rest * range;
      word = rest;
    }
  }
}

/** Bits that `length` numbers of a range take. */
export function packedBits(length: number, range: number): number {
  if (range === 1) return 0;
  const { perWord, bits } = wordOf(range);
  return Math.ceil(length / perWord) * bits;
}

/** The largest range that can be packed. */
export const PACKED_RANGE_MAX = 2 ** WORD_BITS;

/** @param range at least 2 */
function wordOf(range: number): { readonly perWord: number; readonly bits: number } {
  let perWord = 1;
  let size = range;
  while (size * range <= 2 ** WORD_BITS) {
    size *= range;
    perWord++;
  }
  let bits = 1;
  while (2 ** bits < size) bits++;
  return { perWord, bits };
}
