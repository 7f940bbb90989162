import type { QueuedSnapshot } from "../snapshot.ts";
import type { Durability } from "./durability.ts";
import type { SpoolFiles } from "./files.ts";
import { createFinder, type Recovered } from "./recover.ts";
import { encodeSnapshot, newSegment, type Segment, segmentName } from "./segment.ts";
import { hasCode, messageOf, type Trouble } from "./trouble.ts";

/** The segments on the disk, of which the newest is appended to. */
export interface SegmentLog {
  /** Oldest first; ids rise through all of them. */
  readonly segments: readonly Segment[];
  readonly bytes: number;
  /** Successful writes since the start. */
  readonly writes: number;
  /** Why the last write failed; null when it did not. */
  readonly failing: "disk_full" | "disk_error" | null;
  /** @returns false when the disk fails. */
  append(record: Buffer): boolean;
  appendSnapshot(id: number, snapshot: QueuedSnapshot): boolean;
  /** The segment in which a snapshot waits. */
  holderOf(id: number): Segment | undefined;
  isActive(segment: Segment): boolean;
  /** The oldest leaves the log, whatever waits in it. */
  shift(): Segment | undefined;
  /** The oldest leaves the log when nothing waits in it, nothing is written to it, and what settled the last of it is synced. */
  shiftSettled(synced: number): Segment | undefined;
  close(): void;
}

/** Appending is one synchronous write: the page cache takes it, so a killed process loses nothing. */
export function createSegmentLog(parts: {
  readonly files: SpoolFiles;
  readonly recovered: Recovered;
  readonly segmentBytes: number;
  readonly durability: Durability;
  readonly trouble: Trouble;
  /** A segment is to be synced although nothing was appended. */
  readonly wantSync: () => void;
}): SegmentLog {
  const { files, recovered, segmentBytes, durability, trouble } = parts;
  const { segments, definitions } = recovered;
  const holderOf = createFinder(segments);
  let active: Segment | null = null;
  let { nextNumber } = recovered;
  let bytes = segments.reduce((sum, { size }) => sum + size, 0);
  let writes = 0;
  let failing: SegmentLog["failing"] = null;

  // They may be of a process that was killed before it had synced them.
  for (const segment of segments) durability.wrote(segment);
  const { last } = recovered;
  if (last !== null && last.segment.size < segmentBytes) reopen(last.segment, last.isTorn);

  /** Goes on in a segment of an earlier run, from the end of its last whole record. */
  function reopen(segment: Segment, isTorn: boolean): void {
    try {
      segment.file = files.open(segment.name);
      if (isTorn) segment.file.truncate(segment.size);
      active = segment;
    } catch (error) {
      trouble("disk", `cannot write to ${segment.name}: ${messageOf(error)}`);
    }
  }

  function begin(): Segment {
    const segment = newSegment(segmentName(nextNumber));
    nextNumber += 1;
    segment.file = files.open(segment.name);
    durability.madeFile();
    segments.push(segment);
    active = segment;
    return segment;
  }

  /** Appends to the active segment, or to a new one where it is full. @returns null when the disk fails. */
  function write<T extends { readonly bytes: Buffer }>(
    encode: (segment: Segment) => T,
  ): { readonly segment: Segment; readonly offset: number; readonly encoded: T } | null {
    let segment = active;
    try {
      segment ??= begin();
      let encoded = encode(segment);
      if (segment.size > 0 && segment.size + encoded.bytes.length > segmentBytes) {
        segment = begin();
        encoded = encode(segment);
      }
      if (segment.file === null) throw new Error("the segment is closed");
      segment.file.append(encoded.bytes);
      const offset = segment.size;
      segment.size += encoded.bytes.length;
      bytes += encoded.bytes.length;
      writes += 1;
      durability.wrote(segment);
      if (failing !== null) trouble("recovered", "the spool can be written to again");
      failing = null;
      return { segment, offset, encoded };
    } catch (error) {
      giveWay(segment, error);
      return null;
    }
  }

  /** After a write that failed: what it left behind must not lie before the next record. */
  function giveWay(segment: Segment | null, error: unknown): void {
    failing = hasCode(error, "ENOSPC") || hasCode(error, "EDQUOT") ? "disk_full" : "disk_error";
    trouble("disk", `cannot write to the spool, going on in memory: ${messageOf(error)}`);
    try {
      segment?.file?.truncate(segment.size);
      // With nothing left in it, it takes up room that the next record needs.
      if (segment !== null && segment.size > 0 && segment.waiting.size === 0) retire();
    } catch {
      retire();
    }
  }

  /** The active segment is written to no more. */
  function retire(): void {
    active = null;
    parts.wantSync();
  }

  function shift(): Segment | undefined {
    const oldest = segments.shift();
    if (oldest === undefined) return undefined;
    bytes -= oldest.size;
    if (oldest === active) active = null;
    return oldest;
  }

  return {
    segments,
    get bytes() {
      return bytes;
    },
    get writes() {
      return writes;
    },
    get failing() {
      return failing;
    },
    append: (record) => write(() => ({ bytes: record })) !== null,
    appendSnapshot(id, snapshot) {
      const written = write((segment) => encodeSnapshot(id, snapshot, segment, definitions));
      if (written === null) return false;
      const { segment, offset, encoded } = written;
      segment.defined.add(encoded.layout).add(encoded.epoch);
      const { after, length } = encoded;
      segment.waiting.set(id, { offset: offset + after, length, at: snapshot.at });
      segment.lastId = id;
      return true;
    },
    holderOf,
    isActive: (segment) => segment === active,
    shift,
    shiftSettled(synced) {
      const [oldest] = segments;
      if (oldest === undefined || oldest === active) return undefined;
      return oldest.waiting.size > 0 || oldest.settledBy > synced ? undefined : shift();
    },
    close() {
      for (const segment of segments) durability.close(segment);
      active = null;
    },
  };
}
