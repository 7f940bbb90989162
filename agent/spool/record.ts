import { crc32 } from "node:zlib";

/**
 * A record of a segment: a header of 32 bytes, then its payload in UTF-8.
 *
 * | offset | |
 * |---|---|
 * | 0 | the mark `f5 53 50 4c`; 0xf5 is in no UTF-8 text, so no payload holds a mark |
 * | 4 | length of the payload, u32 |
 * | 8 | CRC-32 of everything after itself, payload included, u32 |
 * | 12 | kind, u8, and three bytes of zero |
 * | 16 | id of the snapshot, f64; 0 in other kinds |
 * | 24 | time of the snapshot in ms since 1970, f64; 0 in other kinds |
 *
 * All little-endian. Id and time are in the header so that a start needs no JSON of any snapshot.
 */
export interface RecordHead {
  readonly kind: number;
  readonly id: number;
  readonly at: number;
}

/** A record as a scan found it. */
export interface FoundRecord extends RecordHead {
  /** Where it begins in its segment, and how long it is with its header, in bytes. */
  readonly offset: number;
  readonly length: number;
}

export const KIND = {
  /** A layout, `{hash, names}`: in each segment before the first snapshot that needs it. */
  layout: 1,
  /** An epoch, likewise. */
  epoch: 2,
  /** What a queue holds of a snapshot besides its own JSON, a newline, and that JSON. */
  snapshot: 3,
  /** Ids that need no further push, `[[first, last], ...]`. */
  settled: 4,
} as const;

export const HEAD_BYTES = 32;
const MARK = Buffer.from([0xf5, 0x53, 0x50, 0x4c]);
const CHECKED_FROM = 12;

export function encodeRecord({ kind, id, at }: RecordHead, payload: string): Buffer {
  const length = Buffer.byteLength(payload);
  const record = Buffer.allocUnsafe(HEAD_BYTES + length);
  MARK.copy(record, 0);
  record.writeUInt32LE(length, 4);
  record.writeUInt32LE(kind, CHECKED_FROM);
  record.writeDoubleLE(id, 16);
  record.writeDoubleLE(at, 24);
  record.write(payload, HEAD_BYTES);
  record.writeUInt32LE(crc32(record.subarray(CHECKED_FROM)), 8);
  return record;
}

/** The record that begins at an offset; null when there is none that is whole. */
export function recordAt(bytes: Buffer, offset: number): FoundRecord | null {
  if (offset + HEAD_BYTES > bytes.length) return null;
  if (bytes.compare(MARK, 0, MARK.length, offset, offset + MARK.length) !== 0) return null;
  const length = HEAD_BYTES + bytes.readUInt32LE(offset + 4);
  if (offset + length > bytes.length) return null;
  const checked = bytes.subarray(offset + CHECKED_FROM, offset + length);
  if (crc32(checked) !== bytes.readUInt32LE(offset + 8)) return null;
  return {
    kind: bytes.readUInt32LE(offset + CHECKED_FROM),
    id: bytes.readDoubleLE(offset + 16),
    at: bytes.readDoubleLE(offset + 24),
    offset,
    length,
  };
}

export function payloadOf(bytes: Buffer, { offset, length }: FoundRecord): string {
  return bytes.toString("utf8", offset + HEAD_BYTES, offset + length);
}

export interface Scan {
  readonly records: readonly FoundRecord[];
  /** Where the last whole record ends: what follows is torn. */
  readonly end: number;
  /** Stretches between whole records that hold none. */
  readonly damaged: number;
}

/** Finds every whole record. After one that is damaged it goes on at the next mark. */
export function scanRecords(bytes: Buffer): Scan {
  const records: FoundRecord[] = [];
  let end = 0;
  let damaged = 0;
  for (let offset = 0; offset !== -1 && offset < bytes.length; ) {
    const record = recordAt(bytes, offset);
    if (record === null) {
      offset = bytes.indexOf(MARK, offset + 1);
      continue;
    }
    if (offset !== end) damaged += 1;
    records.push(record);
    end = offset + record.length;
    offset = end;
  }
  return { records, end, damaged };
}
