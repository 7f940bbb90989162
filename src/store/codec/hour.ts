import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import { ABSENT, BIG, type CounterValues } from "../../rates/values.ts";
import { type ColumnReader, type ColumnWriter, readColumn, writeColumn } from "./hour-column.ts";
import { VarintReader, VarintWriter } from "./varint.ts";

/** A snapshot of one namespace as it is stored, times in ms since 1970. */
export interface HourRow {
  readonly at: number;
  readonly uptimeMs: number;
  readonly everyMs: number;
  readonly flags: number;
  readonly epochId: number;
  readonly layoutId: number;
  /** What `encodeValues` makes. */
  readonly values: Uint8Array;
  /** What `encodeListeners` makes; null where none were seen. */
  readonly listeners: Uint8Array | null;
}

/** The same, with the values decoded. */
export type DecodedRow = Omit<HourRow, "values"> & { readonly values: CounterValues };

/** An hour's bytes are not what was written. */
export class DamagedHourError extends Error {
  override readonly name = "DamagedHourError";
}

const VERSION = 1;
const CRC_BYTES = 4;
/** Of the levels of deflate the last one that gains more than it costs (docs/adr/0007-compaction.md). */
const DEFLATE = { level: 6 };

type MetaColumn = "at" | "bootedAt" | "everyMs" | "flags" | "epochId" | "layoutId";
const META: readonly MetaColumn[] = ["at", "bootedAt", "everyMs", "flags", "epochId", "layoutId"];

/**
 * The column ts.snapshot_hour.data: the snapshots of a namespace in an hour, column by column.
 *
 * A CRC-32 of all that follows, a byte of version, the lengths of the first two sections, and three sections:
 *
 * 1. Deflated: how many rows; a column of each of META (of the uptime what `at` less it is, which stands still);
 *    then for each layout, in the order of its first row, how many counters its rows have and their columns
 *    (`src/store/codec/hour-column.ts`).
 * 2. What the columns have that no deflate makes smaller.
 * 3. Deflated by itself, so that a reader of counters need not inflate it; empty where no row has listeners:
 *    for each row the length of its listeners plus 1, or 0 where it has none; then all of them.
 *
 * @param rows by time, at least one
 * @throws RangeError when the values of a row are no values, or two rows of one layout have not as many
 */
export function encodeHour(rows: readonly HourRow[]): Buffer {
  const writer = { body: new VarintWriter(rows.length * 64), noise: new VarintWriter(rows.length * 32) };
  writer.body.varint(rows.length);
  for (const name of META) {
    const column = Float64Array.from(rows, (row) =>
      name === "bootedAt" ? row.at - row.uptimeMs : row[name],
    );
    writeColumn(writer, column, null);
  }
  for (const group of byLayout(rows)) writeGroup(writer, group);

  const counters = deflateRawSync(writer.body.take(), DEFLATE);
  const noise = writer.noise.take();
  const payload = new VarintWriter(counters.length + noise.length + 16);
  payload.byte(VERSION);
  payload.varint(counters.length);
  payload.varint(noise.length);
  payload.bytes(counters);
  payload.bytes(noise);
  if (rows.some((row) => row.listeners !== null)) payload.bytes(deflateRawSync(listenersOf(rows), DEFLATE));
  const bytes = payload.take();
  const crc = Buffer.alloc(CRC_BYTES);
  crc.writeUInt32BE(crc32(bytes));
  return Buffer.concat([crc, bytes]);
}

/**
 * The rows that `encodeHour` was given.
 *
 * @throws DamagedHourError for any bytes that it did not make
 */
export function decodeHour(bytes: Uint8Array): DecodedRow[] {
  return reading(bytes, (sections) => {
    const { length, meta, values } = readCounters(columnsOf(sections));
    const listeners = readListeners(sections.listeners, length);
    return values.map((own, row) => ({
      at: meta.at[row] ?? 0,
      uptimeMs: (meta.at[row] ?? 0) - (meta.bootedAt[row] ?? 0),
      everyMs: meta.everyMs[row] ?? 0,
      flags: meta.flags[row] ?? 0,
      epochId: meta.epochId[row] ?? 0,
      layoutId: meta.layoutId[row] ?? 0,
      values: own,
      listeners: listeners[row] ?? null,
    }));
  });
}

/** Only what was seen of listeners, with its time and epoch. @throws DamagedHourError as decodeHour */
export function decodeHourListeners(
  bytes: Uint8Array,
): { at: number; epochId: number; listeners: Uint8Array }[] {
  return reading(bytes, (sections) => {
    const { at, epochId } = readMeta(columnsOf(sections)).meta;
    return readListeners(sections.listeners, at.length).flatMap((listeners, row) =>
      listeners === null ? [] : [{ at: at[row] ?? 0, epochId: epochId[row] ?? 0, listeners }],
    );
  });
}

/** Only when the rows are of, and of which epoch. @throws DamagedHourError as decodeHour */
export function decodeHourTimes(bytes: Uint8Array): { at: number; epochId: number }[] {
  return reading(bytes, (sections) => {
    const { at, epochId } = readMeta(columnsOf(sections)).meta;
    return Array.from(at, (time, row) => ({ at: time, epochId: epochId[row] ?? 0 }));
  });
}

interface Sections {
  readonly counters: Uint8Array;
  readonly noise: Uint8Array;
  readonly listeners: Uint8Array;
}

/** Checks the bytes before anything is made of them, and names whatever is wrong with them. */
function reading<T>(bytes: Uint8Array, read: (sections: Sections) => T): T {
  try {
    const payload = bytes.subarray(CRC_BYTES);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint32(0) !== crc32(payload)) throw new RangeError("the checksum does not agree");
    const reader = new VarintReader(payload);
    const version = reader.byte();
    if (version !== VERSION) throw new RangeError(`it is of version ${version}`);
    const lengths = [Number(reader.varint()), Number(reader.varint())] as const;
    return read({
      counters: reader.bytes(lengths[0]),
      noise: reader.bytes(lengths[1]),
      listeners: reader.bytes(reader.left),
    });
  } catch (error) {
    throw new DamagedHourError(`cannot read a compacted hour: ${(error as Error).message}`, { cause: error });
  }
}

function columnsOf({ counters, noise }: Sections): ColumnReader {
  return { body: new VarintReader(inflateRawSync(counters)), noise: new VarintReader(noise) };
}

interface Group {
  readonly width: number;
  readonly length: number;
  /** Row by row. */
  readonly numbers: Float64Array;
  /** By place in `numbers`. */
  readonly big: Map<number, bigint>;
}

/** The values of the rows of each layout, in the order of its first row. */
function byLayout(rows: readonly HourRow[]): Group[] {
  const members = new Map<number, Uint8Array[]>();
  for (const { layoutId, values } of rows) {
    const own = members.get(layoutId);
    if (own === undefined) members.set(layoutId, [values]);
    else own.push(values);
  }
  return [...members.values()].map((own) => {
    const width = countValues(own[0] ?? new Uint8Array());
    const numbers = new Float64Array(width * own.length);
    const big = new Map<number, bigint>();
    own.forEach((values, row) => {
      readValues(values, numbers, row * width, width, big);
    });
    return { width, length: own.length, numbers, big };
  });
}

function writeGroup(writer: ColumnWriter, { width, length, numbers, big }: Group): void {
  const column = new Float64Array(length);
  writer.body.varint(width);
  for (let position = 0; position < width; position++) {
    for (let row = 0; row < length; row++) column[row] = numbers[row * width + position] ?? ABSENT;
    writeColumn(writer, column, big.size === 0 ? null : bigOf(big, position, width, length));
  }
}

/** Of the large values of a group those of one column, by row; null when it has none. */
function bigOf(
  big: ReadonlyMap<number, bigint>,
  position: number,
  width: number,
  length: number,
): Map<number, bigint> | null {
  const own = new Map<number, bigint>();
  for (let row = 0; row < length; row++) {
    const value = big.get(row * width + position);
    if (value !== undefined) own.set(row, value);
  }
  return own.size === 0 ? null : own;
}

/** How many varints there are: each has one byte without the top bit. */
function countValues(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte < 0x80) count++;
  return count;
}

/** As decodeValues, into a place of a larger array and without an object for each snapshot. */
function readValues(
  bytes: Uint8Array,
  into: Float64Array,
  offset: number,
  width: number,
  big: Map<number, bigint>,
): void {
  const reader = new VarintReader(bytes);
  for (let place = offset; place < offset + width; place++) {
    const stored = reader.varint();
    if (stored === 0) into[place] = ABSENT;
    else if (typeof stored === "number") into[place] = stored - 1;
    else if (stored === 2n ** 53n) into[place] = Number.MAX_SAFE_INTEGER;
    else {
      into[place] = BIG;
      big.set(place, stored - 1n);
    }
  }
  if (!reader.done) throw new RangeError(`cannot encode an hour: a row has other than ${width} values`);
}

type Meta = Readonly<Record<MetaColumn, Float64Array>>;

function readMeta(reader: ColumnReader): { readonly length: number; readonly meta: Meta } {
  const length = Number(reader.body.varint());
  const columns = META.map((name) => {
    const column = new Float64Array(length);
    readColumn(reader, column, 0, 1, length);
    return [name, column] as const;
  });
  return { length, meta: Object.fromEntries(columns) as unknown as Meta };
}

function readCounters(reader: ColumnReader): {
  readonly length: number;
  readonly meta: Meta;
  readonly values: CounterValues[];
} {
  const { length, meta } = readMeta(reader);
  const rowsOf = new Map<number, number[]>();
  meta.layoutId.forEach((layoutId, row) => {
    const rows = rowsOf.get(layoutId);
    if (rows === undefined) rowsOf.set(layoutId, [row]);
    else rows.push(row);
  });
  const values: CounterValues[] = new Array(length);
  for (const rows of rowsOf.values()) {
    const own = readGroup(reader, rows.length);
    rows.forEach((row, index) => {
      const one = own[index];
      if (one !== undefined) values[row] = one;
    });
  }
  if (!reader.body.done || !reader.noise.done) throw new RangeError("there is more behind its last column");
  return { length, meta, values };
}

function readGroup(reader: ColumnReader, length: number): CounterValues[] {
  const width = Number(reader.body.varint());
  const numbers = new Float64Array(width * length);
  const big: (Map<number, bigint> | null)[] = new Array(length).fill(null);
  for (let position = 0; position < width; position++) {
    const large = readColumn(reader, numbers, position, width, length);
    for (const [row, value] of large ?? []) {
      const own = big[row] ?? new Map<number, bigint>();
      own.set(position, value);
      big[row] = own;
    }
  }
  return Array.from({ length }, (_, row) => ({
    numbers: numbers.subarray(row * width, (row + 1) * width),
    big: big[row] ?? null,
  }));
}

function listenersOf(rows: readonly HourRow[]): Buffer {
  const writer = new VarintWriter(rows.length * 256);
  for (const { listeners } of rows) writer.varint(listeners === null ? 0 : listeners.length + 1);
  for (const { listeners } of rows) if (listeners !== null) writer.bytes(listeners);
  return writer.take();
}

function readListeners(section: Uint8Array, length: number): (Uint8Array | null)[] {
  if (section.length === 0) return new Array(length).fill(null);
  const reader = new VarintReader(inflateRawSync(section));
  const lengths = Array.from({ length }, () => Number(reader.varint()));
  return lengths.map((own) => (own === 0 ? null : reader.bytes(own - 1)));
}
