import { createDrops } from "../drops.ts";
import { DEFAULT_BOUNDS, type QueueBounds, type SnapshotQueue, type WaitingSnapshot } from "../queue.ts";
import type { QueuedSnapshot } from "../snapshot.ts";
import type { Timers } from "../timers.ts";
import type { SpoolFiles } from "./files.ts";
import { encodeRecord, KIND, recordAt } from "./record.ts";
import {
  type Definitions,
  decodeSnapshot,
  encodeSnapshot,
  newSegment,
  type Place,
  readSegment,
  type Segment,
  segmentName,
  segmentNumber,
} from "./segment.ts";

/** A queue on disk. What it holds outlives the process, and as far as it was synced, the power too. */
export interface Spool extends SnapshotQueue {
  /** Writes out what can be. True once everything appended and settled so far survives a crash. */
  sync(): Promise<boolean>;
  /** The last `sync`, then the files are closed. */
  close(): Promise<boolean>;
  /** Snapshots that are in memory alone, as the disk took them not. */
  readonly inMemory: number;
}

export interface SpoolParts {
  readonly files: SpoolFiles;
  readonly timers: Timers;
  /** All segments together. The oldest is dropped while there are more. */
  readonly maxBytes: number;
  /** What is held while the disk is full. */
  readonly memory?: QueueBounds;
  /** @param subject what counts as the same trouble. */
  readonly trouble: (subject: string, message: string) => void;
}

export const DEFAULT_SPOOL_BYTES = 64 * 1024 * 1024;
/** Below this a segment would be too small for the names of a layout and a few snapshots. */
export const SPOOL_MIN_BYTES = 1024 * 1024;
const SEGMENT_BYTES = 1024 * 1024;
/** A cap is kept by dropping whole segments, so there must be several. */
const SEGMENTS_MIN = 8;
const SYNC_MS = 1_000;
/** A sync costs 0.2 ms of CPU: at the usual interval of 10 s one in each does for both snapshot and answer. */
const LAZY_SYNC_MS = 15_000;
/** More than one can hold. */
const IDS_OF_A_SEGMENT = 65_536;
/** The newest snapshots are kept at hand, so that in quiet times nothing is read back. */
const AT_HAND = 32;

/**
 * The spool: segments of records that are only ever appended to, and no other file, so there is nothing that
 * could contradict them. A start scans them.
 *
 * - **Append** is one synchronous write of about 10 us: the page cache takes it, so a killed process loses
 *   nothing, and a thread of the pool would cost more CPU than the write itself.
 * - **Sync** (fdatasync) is asynchronous, for a disk can take long, and comes a second after an append,
 *   15 s after an answer if no append does it before: at most once a second. A power cut loses the last
 *   second, and answers since the last sync, so that those snapshots are sent again.
 * - **Settled** snapshots are named in a record. Once that is synced, a segment that has none left is removed,
 *   oldest first, and the folder synced before the next one is: the record that settles a snapshot is in
 *   its own segment or a later one, so it is never gone before the snapshot is.
 * - **Damage** is skipped up to the next mark. A start fails on nothing that it finds.
 * - **A full disk** is a state, not an error: snapshots go on in memory, each append tries the disk
 *   again, and when memory is full as well the oldest segment makes room.
 */
export function openSpool(parts: SpoolParts): Spool {
  const { files, maxBytes, trouble } = parts;
  const segmentBytes = Math.min(SEGMENT_BYTES, Math.floor(maxBytes / SEGMENTS_MIN));
  const memoryBounds = parts.memory ?? DEFAULT_BOUNDS;
  const definitions: Definitions = { layouts: new Map(), epochs: new Map() };
  const drops = createDrops();

  /** Oldest first; ids rise through all of them, and further through `memory`. */
  const segments: Segment[] = [];
  /** Dropped or settled, to be removed. */
  const doomed: Segment[] = [];
  const unsynced = new Set<Segment>();
  const memory = new Map<number, QueuedSnapshot>();
  const atHand = new Map<number, QueuedSnapshot>();
  let active: Segment | null = null;
  let nextId = 1;
  let nextNumber = 1;
  let diskBytes = 0;
  let memoryBytes = 0;
  let newestAt = 0;
  /** Settled, but not yet written so. */
  let unsaid: number[] = [];
  /** Successful writes, and how many of them are synced. */
  let writes = 0;
  let synced = 0;
  let folderChanged = true;
  /** A removal that a crash could undo. */
  let removalOpen = true;
  /** Why the last write failed; null when it did not. */
  let failing: "disk_full" | "disk_error" | null = null;
  let passing: Promise<boolean> | null = null;
  let cancelSync: (() => void) | null = null;
  let syncIsLazy = false;

  function recover(): void {
    const numbers = files.list().map(segmentNumber);
    const found = numbers.filter((number) => number !== null).sort((a, b) => a - b);
    const settled: (readonly [number, number])[] = [];
    let torn = 0;
    for (const number of found) {
      nextNumber = number + 1;
      const name = segmentName(number);
      try {
        const read = readSegment(name, files.read(name), definitions);
        segments.push(read.segment);
        settled.push(...read.settled);
        diskBytes += read.segment.size;
        nextId = Math.max(nextId, read.segment.lastId + 1);
        torn = read.torn;
        drops.count("damaged", read.damaged);
        if (read.damaged > 0) trouble("damaged", `skipped ${read.damaged} damaged parts of ${name}`);
      } catch (error) {
        // It may be readable again one day: its ids must stay its own.
        nextId += IDS_OF_A_SEGMENT;
        trouble("unreadable", `left out ${name}, which cannot be read: ${messageOf(error)}`);
      }
    }
    for (const [first, last] of settled) {
      nextId = Math.max(nextId, last + 1);
      for (let id = first; id <= last; id += 1) segmentOf(id)?.waiting.delete(id);
    }
    for (const segment of segments)
      for (const { at } of segment.waiting.values()) newestAt = Math.max(newestAt, at);
    // They may be of a process that was killed before it had synced them.
    for (const segment of segments) unsynced.add(segment);
    const last = segments.at(-1);
    if (last?.name === segmentName(nextNumber - 1) && last.size < segmentBytes) reopen(last, torn > 0);
    boundDisk();
    scheduleSync();
  }

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

  let hint: Segment | undefined;
  function segmentOf(id: number): Segment | undefined {
    if (hint?.waiting.has(id) !== true) hint = segments.find(({ waiting }) => waiting.has(id));
    return hint;
  }

  function begin(): Segment {
    const segment = newSegment(segmentName(nextNumber));
    nextNumber += 1;
    segment.file = files.open(segment.name);
    folderChanged = true;
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
      diskBytes += encoded.bytes.length;
      writes += 1;
      unsynced.add(segment);
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
    scheduleSync();
  }

  function writeSnapshot(id: number, snapshot: QueuedSnapshot): boolean {
    const written = write((segment) => encodeSnapshot(id, snapshot, segment, definitions));
    if (written === null) return false;
    const { segment, offset, encoded } = written;
    segment.defined.add(encoded.layout).add(encoded.epoch);
    const { after, length } = encoded;
    segment.waiting.set(id, { offset: offset + after, length, at: snapshot.at });
    segment.lastId = id;
    return true;
  }

  function writeSettled(): void {
    if (unsaid.length === 0) return;
    const payload = JSON.stringify(rangesOf(unsaid));
    const bytes = encodeRecord({ kind: KIND.settled, id: 0, at: 0 }, payload);
    if (write(() => ({ bytes })) !== null) unsaid = [];
  }

  function writeMemory(): void {
    for (const [id, snapshot] of memory) {
      if (!writeSnapshot(id, snapshot)) return;
      memory.delete(id);
      memoryBytes -= snapshot.json.length;
    }
  }

  /** Gives up the oldest segment, whatever waits in it. */
  function doomOldest(reason: string): void {
    const oldest = segments.shift();
    if (oldest === undefined) return;
    for (const id of oldest.waiting.keys()) drops.drop(id, reason);
    oldest.waiting.clear();
    diskBytes -= oldest.size;
    if (oldest === active) active = null;
    doomed.push(oldest);
    void sync();
  }

  function boundDisk(): void {
    while (diskBytes > maxBytes && segments.length > 1) doomOldest("spool_full");
  }

  function boundMemory(): void {
    const isOver = () => memory.size > memoryBounds.snapshots || memoryBytes > memoryBounds.bytes;
    if (!isOver()) return;
    // Only where it makes room, and one at a time: others may take what it frees.
    if (failing === "disk_full" && doomed.length === 0 && segments.length > 0) {
      doomOldest("disk_full");
      writeMemory();
    }
    for (const [id, snapshot] of memory) {
      if (!isOver()) break;
      memory.delete(id);
      memoryBytes -= snapshot.json.length;
      drops.drop(id, failing ?? "disk_full");
    }
  }

  /** @param isLazy nothing but a repeated push is at stake: the sync of the next append does it as well. */
  function scheduleSync(isLazy = false): void {
    if (cancelSync !== null && (isLazy || !syncIsLazy)) return;
    cancelSync?.();
    syncIsLazy = isLazy;
    cancelSync = parts.timers.after(isLazy ? LAZY_SYNC_MS : SYNC_MS, () => {
      cancelSync = null;
      void sync();
    });
  }

  function sync(): Promise<boolean> {
    // A pass under way may have gone by what was written since.
    if (passing !== null) return passing.then(sync);
    const pass = makePass();
    passing = pass;
    return pass.finally(() => {
      passing = null;
    });
  }

  async function makePass(): Promise<boolean> {
    try {
      await removeDoomed();
      writeSettled();
      writeMemory();
      const upTo = writes;
      for (const segment of [...unsynced]) await syncSegment(segment);
      if (folderChanged) await syncFolder();
      synced = upTo;
      for (;;) {
        const [oldest] = segments;
        if (oldest === undefined || oldest === active) break;
        if (oldest.waiting.size > 0 || oldest.settledBy > synced) break;
        doomed.push(oldest);
        segments.shift();
        diskBytes -= oldest.size;
        await removeDoomed();
      }
      return memory.size === 0 && unsaid.length === 0 && synced === writes;
    } catch (error) {
      trouble("disk", `cannot sync the spool: ${messageOf(error)}`);
      return false;
    }
  }

  async function syncSegment(segment: Segment): Promise<void> {
    unsynced.delete(segment);
    try {
      segment.file ??= files.open(segment.name);
      await segment.file.sync();
      if (segment !== active && !unsynced.has(segment)) closeFile(segment);
    } catch (error) {
      unsynced.add(segment);
      throw error;
    }
  }

  async function syncFolder(): Promise<void> {
    folderChanged = false;
    try {
      await files.syncFolder();
      removalOpen = false;
    } catch (error) {
      folderChanged = true;
      throw error;
    }
  }

  async function removeDoomed(): Promise<void> {
    for (let segment = doomed[0]; segment !== undefined; segment = doomed[0]) {
      if (removalOpen) await syncFolder();
      files.remove(segment.name);
      doomed.shift();
      unsynced.delete(segment);
      closeFile(segment);
      folderChanged = true;
      removalOpen = true;
    }
  }

  function closeFile(segment: Segment): void {
    try {
      segment.file?.close();
    } catch (error) {
      trouble("disk", `cannot close ${segment.name}: ${messageOf(error)}`);
    }
    segment.file = null;
  }

  function keepAtHand(id: number, snapshot: QueuedSnapshot): void {
    atHand.set(id, snapshot);
    for (const oldest of atHand.keys()) {
      if (atHand.size <= AT_HAND) break;
      atHand.delete(oldest);
    }
  }

  /** Reads snapshots of one segment, in one piece. Those that are damaged are dropped. */
  function load(segment: Segment, wanted: readonly (readonly [number, Place])[]): WaitingSnapshot[] {
    const missing = wanted.filter(([id]) => !atHand.has(id)).map(([, place]) => place);
    const begin = Math.min(...missing.map(({ offset }) => offset));
    const end = Math.max(...missing.map(({ offset, length }) => offset + length));
    let bytes: Buffer = Buffer.alloc(0);
    try {
      if (missing.length > 0) bytes = files.readAt(segment.name, begin, end - begin);
    } catch (error) {
      trouble("disk", `cannot read ${segment.name}: ${messageOf(error)}`);
      // One that is gone will not come back; any other fault may pass.
      if (!hasCode(error, "ENOENT")) return [];
    }
    const loaded: WaitingSnapshot[] = [];
    for (const [id, { offset }] of wanted) {
      const record = atHand.has(id) ? null : recordAt(bytes, offset - begin);
      const snapshot = record === null ? atHand.get(id) : decodeSnapshot(bytes, record, definitions);
      if (snapshot !== undefined && snapshot !== null) loaded.push({ ...snapshot, id });
      else if (segment.waiting.delete(id)) drops.count("damaged", 1);
    }
    return loaded;
  }

  recover();

  return {
    append(snapshot) {
      const id = nextId;
      nextId += 1;
      newestAt = snapshot.at;
      if (unsaid.length > 0) writeSettled();
      if (memory.size > 0) writeMemory();
      if (memory.size > 0 || !writeSnapshot(id, snapshot)) {
        memory.set(id, snapshot);
        memoryBytes += snapshot.json.length;
        boundMemory();
      } else keepAtHand(id, snapshot);
      boundDisk();
      scheduleSync();
      return id;
    },
    peekBatch(count, ready, { bytes = Number.POSITIVE_INFINITY, fromId = 0 } = {}) {
      const batch: WaitingSnapshot[] = [];
      let room = bytes;
      for (const segment of segments) {
        if (segment.waiting.size === 0 || segment.lastId < fromId) continue;
        const wanted: [number, Place][] = [];
        for (const [id, place] of segment.waiting) {
          if (batch.length + wanted.length >= count) break;
          if (id < fromId || !ready(id)) continue;
          room -= place.length;
          if (room < 0 && batch.length + wanted.length > 0) break;
          wanted.push([id, place]);
        }
        if (wanted.length > 0) batch.push(...load(segment, wanted));
        if (room <= 0 || batch.length >= count) return batch;
      }
      for (const [id, snapshot] of memory) {
        if (batch.length >= count) break;
        if (id < fromId || !ready(id)) continue;
        room -= snapshot.json.length;
        if (room < 0 && batch.length > 0) break;
        batch.push({ ...snapshot, id });
      }
      return batch;
    },
    settle(done) {
      const touched = new Set<Segment>();
      for (const { id } of done) {
        atHand.delete(id);
        const held = memory.get(id);
        if (held !== undefined) {
          memory.delete(id);
          memoryBytes -= held.json.length;
          continue;
        }
        const segment = segmentOf(id);
        if (segment?.waiting.delete(id) !== true) {
          drops.answered(id);
          continue;
        }
        touched.add(segment);
        unsaid.push(id);
      }
      if (touched.size === 0) return;
      writeSettled();
      // On a full disk it cannot be said; then the segment's end says it.
      for (const segment of touched) segment.settledBy = unsaid.length === 0 ? writes : 0;
      scheduleSync(true);
    },
    sync,
    async close() {
      cancelSync?.();
      const isSafe = await sync();
      cancelSync?.();
      for (const segment of segments) closeFile(segment);
      active = null;
      return isSafe;
    },
    get nextId() {
      return nextId;
    },
    get size() {
      return segments.reduce((sum, { waiting }) => sum + waiting.size, memory.size);
    },
    get bytes() {
      return diskBytes + memoryBytes;
    },
    get ageMs() {
      for (const { waiting } of segments)
        for (const { at } of waiting.values()) return Math.max(0, newestAt - at);
      for (const { at } of memory.values()) return Math.max(0, newestAt - at);
      return 0;
    },
    get dropped() {
      return drops.total;
    },
    droppedBy: drops.by,
    get inMemory() {
      return memory.size;
    },
  };
}

/** Rising ids as `[first, last]` of each run. */
function rangesOf(ids: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const id of [...ids].sort((a, b) => a - b)) {
    const open = ranges.at(-1);
    if (open !== undefined && open[1] === id - 1) open[1] = id;
    else ranges.push([id, id]);
  }
  return ranges;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
