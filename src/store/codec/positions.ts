import type { Count } from "../../protocol/count.ts";
import { type BigCounts, type Cursor, columnAt, exactAt, readColumn, writeColumn } from "./column.ts";
import { findPlace, type Place, readPlacement, SHARD_SIZE, writePlacement } from "./placement.ts";
import { VarintWriter } from "./varint.ts";

export { SHARD_SIZE };

/** A count at a position of a shard, and the part of it that no rate may use. */
export interface PositionCount {
  readonly position: number;
  readonly value: Count;
  readonly unrated: Count;
}

/**
 * The `data` columns of ts.rollup_minute, ts.coverage and their hours, unpacked: `count` entries by ascending
 * position. Made once and filled again for each row, so that a reader of many rows makes nothing for one.
 *
 * An entry above 2^53-1 is in `values` or `unrated` as the nearest float: good for a rate. Who needs every
 * digit asks `valueAt` and `unratedAt`, or looks whether `isExact`.
 */
export class PositionBuffer {
  count = 0;
  readonly positions = new Uint8Array(SHARD_SIZE);
  readonly values = new Float64Array(SHARD_SIZE);
  readonly unrated = new Float64Array(SHARD_SIZE);
  bigValues: BigCounts = null;
  bigUnrated: BigCounts = null;

  /** True when every entry is a number without loss, so that the arrays say all. */
  get isExact(): boolean {
    return this.bigValues === null && this.bigUnrated === null;
  }

  valueAt(index: number): Count {
    return exactAt(this.values, this.bigValues, index);
  }

  unratedAt(index: number): Count {
    return exactAt(this.unrated, this.bigUnrated, index);
  }

  clear(): void {
    this.count = 0;
    this.bigValues = null;
    this.bigUnrated = null;
  }

  /** Adds an entry behind the others; positions come in ascending order. */
  push(position: number, value: Count, unrated: Count): void {
    const index = this.count++;
    this.positions[index] = position;
    this.values[index] = Number(value);
    this.unrated[index] = Number(unrated);
    if (typeof value === "bigint") {
      this.bigValues ??= new Map();
      this.bigValues.set(index, value);
    }
    if (typeof unrated === "bigint") {
      this.bigUnrated ??= new Map();
      this.bigUnrated.set(index, unrated);
    }
  }
}

/**
 * Unpacks a row into a buffer, whose former entries are gone.
 *
 * @returns how many entries there are
 * @throws RangeError when the bytes are not what `writePositions` made
 */
export function readPositions(bytes: Uint8Array, into: PositionBuffer): number {
  const cursor: Cursor = { bytes, offset: 0 };
  const count = readPlacement(cursor, into.positions);
  into.count = count;
  into.bigValues = readColumn(cursor, count, into.values);
  into.bigUnrated = readColumn(cursor, count, into.unrated);
  return count;
}

const place: Place = { index: -1, count: 0 };

/**
 * The value of one position, as the nearest float; 0 where the row does not have it. For who wants one or two
 * namespaces of a row: unpacking all of it costs a hundred times more.
 */
export function positionAt(bytes: Uint8Array, position: number): number {
  const cursor: Cursor = { bytes, offset: 0 };
  findPlace(cursor, position, place);
  return place.index === -1 ? 0 : columnAt(cursor, place.count, place.index);
}

/** Packs a buffer: which positions, a column of values, a column of unrated parts (a byte when all are 0). */
export function writePositions(from: PositionBuffer): Buffer {
  const writer = new VarintWriter(from.count * 4 + 48);
  writePlacement(writer, from.positions, from.count);
  writeColumn(writer, from.values, from.bigValues, from.count);
  writeColumn(writer, from.unrated, from.bigUnrated, from.count);
  return writer.take();
}

/** @param counts by ascending position */
export function encodePositions(counts: readonly PositionCount[]): Buffer {
  const buffer = new PositionBuffer();
  for (const { position, value, unrated } of counts) buffer.push(position, value, unrated);
  return writePositions(buffer);
}

export function decodePositions(bytes: Uint8Array): PositionCount[] {
  const counts: PositionCount[] = [];
  visitPositions(bytes, (position, value, unrated) => counts.push({ position, value, unrated }));
  return counts;
}

/** The same by a call for each position, exact. */
export function visitPositions(
  bytes: Uint8Array,
  visit: (position: number, value: Count, unrated: Count) => void,
): void {
  const buffer = new PositionBuffer();
  const count = readPositions(bytes, buffer);
  for (let index = 0; index < count; index++) {
    visit(buffer.positions[index] as number, buffer.valueAt(index), buffer.unratedAt(index));
  }
}
