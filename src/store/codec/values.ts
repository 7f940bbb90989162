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
  const reader = new VarintReader(bytes);
  const numbers = new Float64Array(length);
  let big: Map<number, bigint> | null = null;
  for (let position = 0; position < length; position++) {
    const stored = reader.varint();
    if (stored === 0) {
      numbers[position] = ABSENT;
      continue;
    }
    const value = subtractCounts(stored, 1);
    if (typeof value === "number") numbers[position] = value;
    else {
      numbers[position] = BIG;
      big ??= new Map();
      big.set(position, value);
    }
  }
  if (!reader.done) throw new RangeError(`cannot decode values: more than the ${length} of the layout`);
  return { numbers, big };
}

/** The stored form of values, whichever form they have. */
export function bytesOf(values: Uint8Array | CounterValues): Uint8Array {
  if (values instanceof Uint8Array) return values;
  return encodeValues(Array.from(values.numbers, (_, position) => valueAt(values, position)));
}
