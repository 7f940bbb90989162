import type { Count } from "../../protocol/count.ts";
import { type BigCounts, type Cursor, exactAt, readColumn, writeColumn } from "./column.ts";
import { readPlacement, SHARD_SIZE, writePlacement } from "./placement.ts";
import { VarintWriter } from "./varint.ts";

/**
 * The `data` columns of ts.gauge_minute and ts.gauge_hour, unpacked: `count` entries by ascending position, each
 * the last, lowest and highest value that a namespace showed. Made once and filled again for each row.
 *
 * A value above 2^53-1 is in the arrays as the nearest float, and exact by `lastAt`, `lowestAt`, `highestAt`.
 */
export class GaugeBuffer {
  count = 0;
  readonly positions = new Uint8Array(SHARD_SIZE);
  readonly last = new Float64Array(SHARD_SIZE);
  readonly lowest = new Float64Array(SHARD_SIZE);
  readonly highest = new Float64Array(SHARD_SIZE);
  bigLast: BigCounts = null;
  bigLowest: BigCounts = null;
  bigHighest: BigCounts = null;

  lastAt(index: number): Count {
    return exactAt(this.last, this.bigLast, index);
  }

  lowestAt(index: number): Count {
    return exactAt(this.lowest, this.bigLowest, index);
  }

  highestAt(index: number): Count {
    return exactAt(this.highest, this.bigHighest, index);
  }

  clear(): void {
    this.count = 0;
    this.bigLast = null;
    this.bigLowest = null;
    this.bigHighest = null;
  }

  /** Adds an entry behind the others; positions come in ascending order. */
  push(position: number, last: Count, lowest: Count, highest: Count): void {
    const index = this.count++;
    this.positions[index] = position;
    this.bigLast = put(this.last, this.bigLast, index, last);
    this.bigLowest = put(this.lowest, this.bigLowest, index, lowest);
    this.bigHighest = put(this.highest, this.bigHighest, index, highest);
  }
}

function put(values: Float64Array, big: BigCounts, index: number, value: Count): BigCounts {
  values[index] = Number(value);
  if (typeof value === "number") return big;
  return (big ?? new Map<number, bigint>()).set(index, value);
}

/**
 * Unpacks a row into a buffer, whose former entries are gone.
 *
 * @returns how many entries there are
 * @throws RangeError when the bytes are not what `writeGauges` made
 */
export function readGauges(bytes: Uint8Array, into: GaugeBuffer): number {
  const cursor: Cursor = { bytes, offset: 0 };
  const count = readPlacement(cursor, into.positions);
  into.count = count;
  into.bigLast = readColumn(cursor, count, into.last);
  into.bigLowest = readColumn(cursor, count, into.lowest);
  into.bigHighest = readColumn(cursor, count, into.highest);
  return count;
}

/** Packs a buffer: which positions, and a column each of last, lowest and highest. */
export function writeGauges(from: GaugeBuffer): Buffer {
  const writer = new VarintWriter(from.count * 6 + 48);
  writePlacement(writer, from.positions, from.count);
  writeColumn(writer, from.last, from.bigLast, from.count);
  writeColumn(writer, from.lowest, from.bigLowest, from.count);
  writeColumn(writer, from.highest, from.bigHighest, from.count);
  return writer.take();
}
