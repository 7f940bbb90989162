import { addCounts, type Count, subtractCounts } from "../../protocol/count.ts";
import { VarintReader, VarintWriter } from "./varint.ts";

/** Namespaces in a shard; a namespace's position is its id modulo this. */
export const SHARD_SIZE = 256;

const SPARSE = 0;
const DENSE = 1;

/** A count at a position of a shard, and the part of it that no rate may use. */
export interface PositionCount {
  readonly position: number;
  readonly value: Count;
  readonly unrated: Count;
}

/**
 * The `data` columns of ts.rollup_minute and ts.coverage: counts by position, in the smaller of two forms.
 *
 * Sparse: a varint of how many, then a byte of position and a varint of value for each. Dense: a varint
 * for each of the 256 positions, 0 for one that is not there and the value plus 1 for any other. Behind
 * either: the unrated parts that are not 0, in the sparse form.
 *
 * @param counts by ascending position
 */
export function encodePositions(counts: readonly PositionCount[]): Buffer {
  const writer = new VarintWriter(counts.length * 3 + 8);
  // A position costs a byte in the sparse form when it is there, and in the dense form when it is not.
  if (counts.length <= SHARD_SIZE / 2) {
    writer.byte(SPARSE);
    writeSparse(writer, counts, (count) => count.value);
  } else {
    writer.byte(DENSE);
    let index = 0;
    for (let position = 0; position < SHARD_SIZE; position++) {
      const count = counts[index];
      if (count?.position === position) {
        writer.varint(addCounts(count.value, 1));
        index++;
      } else writer.byte(0);
    }
  }
  writeSparse(
    writer,
    counts.filter((count) => count.unrated !== 0),
    (count) => count.unrated,
  );
  return writer.take();
}

export function decodePositions(bytes: Uint8Array): PositionCount[] {
  const counts: PositionCount[] = [];
  visitPositions(bytes, (position, value, unrated) => counts.push({ position, value, unrated }));
  return counts;
}

/** The same by a call for each position, for readers of many rows: nothing is kept for one. */
export function visitPositions(
  bytes: Uint8Array,
  visit: (position: number, value: Count, unrated: Count) => void,
): void {
  const reader = new VarintReader(bytes);
  const form = reader.byte();
  const values = form === DENSE ? readDense(reader) : readSparse(reader);
  const unrated = readSparse(reader);
  for (const [position, value] of values) visit(position, value, unrated.get(position) ?? 0);
}

function writeSparse(
  writer: VarintWriter,
  counts: readonly PositionCount[],
  pick: (count: PositionCount) => Count,
): void {
  writer.varint(counts.length);
  for (const count of counts) {
    writer.byte(count.position);
    writer.varint(pick(count));
  }
}

function readSparse(reader: VarintReader): Map<number, Count> {
  const values = new Map<number, Count>();
  for (let left = Number(reader.varint()); left > 0; left--) {
    const position = reader.byte();
    values.set(position, reader.varint());
  }
  return values;
}

function readDense(reader: VarintReader): Map<number, Count> {
  const values = new Map<number, Count>();
  for (let position = 0; position < SHARD_SIZE; position++) {
    const stored = reader.varint();
    if (stored !== 0) values.set(position, subtractCounts(stored, 1));
  }
  return values;
}
