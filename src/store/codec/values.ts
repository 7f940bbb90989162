import { addCounts, type Count, subtractCounts } from "../../protocol/count.ts";
import { ABSENT, BIG, type CounterValues, valueAt } from "../../rates/values.ts";
import { VarintReader, VarintWriter } from "./varint.ts";

/**
 * The column ts.snapshot.values: one varint for each counter of the layout, 0 for an absent one and the
 * value plus 1 for any other. Equal values have equal bytes, so a conflict is found by comparing them.
 */
export function encodeValues(counts: readonly (Count | null)[]): Buffer {
  const writer = new VarintWriter(counts.length * 2);
  for (const count of counts) writer.varint(count === null ? 0 : addCounts(count, 1));
  return writer.take();
}

/** @param length how many counters the layout has. @throws RangeError when the bytes hold another number. */
export function decodeValues(bytes: Uint8Array, length: number): CounterValues {
  const numbers = new Float64Array(length);
  let big: Map<number, bigint> | null = null;
  let offset = 0;
  for (let position = 0; position < length; position++) {
    const start = offset;
    // Up to 28 bits are read here, where nearly every value ends; a reader takes on what is longer.
    let byte = bytes[offset++] as number;
    let stored = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
      byte = bytes[offset++] as number;
      stored |= (byte & 0x7f) << shift;
    }
    if (byte < 0x80) {
      numbers[position] = stored === 0 ? ABSENT : stored - 1;
      continue;
    }
    const reader = new VarintReader(bytes, start);
    const value = subtractCounts(reader.varint(), 1);
    offset = reader.offset;
    if (typeof value === "number") numbers[position] = value;
    else {
      numbers[position] = BIG;
      big ??= new Map();
      big.set(position, value);
    }
  }
  if (offset !== bytes.length) {
    throw new RangeError(`cannot decode values: ${bytes.length} bytes are not those of ${length} counters`);
  }
  return { numbers, big };
}

/** The stored form of values, whichever form they have. */
export function bytesOf(values: Uint8Array | CounterValues): Uint8Array {
  if (values instanceof Uint8Array) return values;
  return encodeValues(Array.from(values.numbers, (_, position) => valueAt(values, position)));
}
