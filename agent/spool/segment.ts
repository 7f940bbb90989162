import type { WireEpoch } from "../../src/protocol/message.ts";
import type { Layout, QueuedSnapshot } from "../snapshot.ts";
import type { SpoolFile } from "./files.ts";
import { encodeRecord, type FoundRecord, KIND, payloadOf, scanRecords } from "./record.ts";

/** Where a snapshot lies in its segment. */
export interface Place {
  readonly offset: number;
  readonly length: number;
  readonly at: number;
}

/** One file of the spool, and what is known of it. */
export interface Segment {
  readonly name: string;
  /** The largest id that was ever in it; 0 for none. */
  lastId: number;
  /** Up to the end of the last whole record. */
  size: number;
  /** Snapshots that are not settled, by id, oldest first. */
  readonly waiting: Map<number, Place>;
  /** Keys of the layouts and epochs that it holds. */
  readonly defined: Set<string>;
  /** Open while it is written to or not yet synced. */
  file: SpoolFile | null;
  /** Number of the write that settled one of its snapshots last; 0 when that is on the disk or never will be. */
  settledBy: number;
}

/** Layouts by hash and epochs by key: a snapshot's record names both. */
export interface Definitions {
  readonly layouts: Map<string, Layout>;
  readonly epochs: Map<string, WireEpoch>;
}

const NAME = /^([0-9]{16})\.seg$/;

/** Segments are numbered in the order in which they were begun. */
export function segmentName(number: number): string {
  return `${String(number).padStart(16, "0")}.seg`;
}

/** null for a file that is no segment. */
export function segmentNumber(name: string): number | null {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

export function newSegment(name: string): Segment {
  return {
    name,
    lastId: 0,
    size: 0,
    waiting: new Map(),
    defined: new Set(),
    file: null,
    settledBy: 0,
  };
}

/** What a scan gives besides the segment itself. */
export interface ReadSegment {
  readonly segment: Segment;
  readonly damaged: number;
  /** Bytes after the last whole record. */
  readonly torn: number;
  readonly settled: readonly (readonly [number, number])[];
}

/** Rebuilds a segment from its bytes. Never throws: what cannot be read is damage. */
export function readSegment(name: string, bytes: Buffer, definitions: Definitions): ReadSegment {
  const segment = newSegment(name);
  const scan = scanRecords(bytes);
  const settled: [number, number][] = [];
  let damaged = scan.damaged;
  for (const record of scan.records) {
    const { kind, id, at, offset, length } = record;
    if (kind === KIND.snapshot) {
      segment.waiting.set(id, { offset, length, at });
      segment.lastId = Math.max(segment.lastId, id);
      continue;
    }
    try {
      const value: unknown = JSON.parse(payloadOf(bytes, record));
      if (kind === KIND.layout) segment.defined.add(defineLayout(definitions, value as Layout));
      else if (kind === KIND.epoch) segment.defined.add(defineEpoch(definitions, value as WireEpoch));
      else if (kind === KIND.settled) settled.push(...(value as [number, number][]));
    } catch {
      damaged += 1;
    }
  }
  segment.size = scan.end;
  return { segment, damaged, torn: bytes.length - scan.end, settled };
}

export function epochKey({ boot, number }: WireEpoch): string {
  return `${boot}/${number}`;
}

function defineLayout({ layouts }: Definitions, layout: Layout): string {
  if (!layouts.has(layout.hash)) layouts.set(layout.hash, layout);
  return layout.hash;
}

function defineEpoch({ epochs }: Definitions, epoch: WireEpoch): string {
  const key = epochKey(epoch);
  if (!epochs.has(key)) epochs.set(key, epoch);
  return key;
}

export interface EncodedSnapshot {
  readonly bytes: Buffer;
  /** Bytes before the snapshot's own record, and the length of that. */
  readonly after: number;
  readonly length: number;
  /** Keys that its segment has defined once it is written. */
  readonly layout: string;
  readonly epoch: string;
}

/**
 * The records of a snapshot, its layout and its epoch before it where the segment has them not: each segment
 * can be read alone. Whatever else a queue is given with a snapshot travels along unread.
 */
export function encodeSnapshot(
  id: number,
  snapshot: QueuedSnapshot,
  segment: Segment,
  definitions: Definitions,
): EncodedSnapshot {
  const { epoch, layout, json, ...rest } = snapshot;
  const parts: Buffer[] = [];
  const key = defineEpoch(definitions, epoch);
  const none = { id: 0, at: 0 };
  if (!segment.defined.has(defineLayout(definitions, layout))) {
    const { hash, names } = layout;
    parts.push(encodeRecord({ kind: KIND.layout, ...none }, JSON.stringify({ hash, names })));
  }
  if (!segment.defined.has(key))
    parts.push(encodeRecord({ kind: KIND.epoch, ...none }, JSON.stringify(epoch)));
  const after = parts.reduce((sum, part) => sum + part.length, 0);
  const head = JSON.stringify({ ...rest, epoch: key, layout: layout.hash });
  const record = encodeRecord({ kind: KIND.snapshot, id, at: snapshot.at }, `${head}\n${json}`);
  parts.push(record);
  const bytes = parts.length === 1 ? record : Buffer.concat(parts);
  return { bytes, after, length: record.length, layout: layout.hash, epoch: key };
}

/** @returns null when its layout or epoch was lost. */
export function decodeSnapshot(
  bytes: Buffer,
  record: FoundRecord,
  definitions: Definitions,
): QueuedSnapshot | null {
  const text = payloadOf(bytes, record);
  const newline = text.indexOf("\n");
  try {
    const head: { epoch: string; layout: string } = JSON.parse(text.slice(0, newline));
    const layout = definitions.layouts.get(head.layout);
    const epoch = definitions.epochs.get(head.epoch);
    if (layout === undefined || epoch === undefined) return null;
    return { ...head, epoch, layout, at: record.at, json: text.slice(newline + 1) };
  } catch {
    return null;
  }
}
