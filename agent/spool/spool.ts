import { createDrops } from "../drops.ts";
import { DEFAULT_BOUNDS, type QueueBounds, type SnapshotQueue } from "../queue.ts";
import type { Timers } from "../timers.ts";
import { createPeekBatch } from "./batch.ts";
import { createDurability } from "./durability.ts";
import type { SpoolFiles } from "./files.ts";
import { createLoader } from "./loader.ts";
import { createOverflow } from "./overflow.ts";
import { recoverSegments } from "./recover.ts";
import type { Segment } from "./segment.ts";
import { createSegmentLog } from "./segment-log.ts";
import { createSettledIds } from "./settled.ts";
import { createSyncTimer } from "./sync-timer.ts";
import { messageOf, type Trouble } from "./trouble.ts";

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
  readonly trouble: Trouble;
}

export const DEFAULT_SPOOL_BYTES = 64 * 1024 * 1024;
/** Below this a segment would be too small for the names of a layout and a few snapshots. */
export const SPOOL_MIN_BYTES = 1024 * 1024;
const SEGMENT_BYTES = 1024 * 1024;
/** A cap is kept by dropping whole segments, so there must be several. */
const SEGMENTS_MIN = 8;

/**
 * The spool: segments of records that are only ever appended to, and no other file. A start scans them
 * (recover.ts).
 *
 * - **Append** is one synchronous write of about 10 us (segment-log.ts): the page cache takes it, so a killed
 *   process loses nothing, and a thread of the pool would cost more CPU than the write itself.
 * - **Sync** (fdatasync) is asynchronous, for a disk can take long, and comes a second after an append, but only
 *   once a minute while each append has its answer by then (sync-timer.ts). A power cut loses the last second of
 *   what was not answered, and answers since the last sync, so that those snapshots are sent again.
 * - **Settled** snapshots are named in a record (settled.ts). Once that is synced, a segment that has none left is
 *   removed, oldest first (durability.ts).
 * - **Damage** is skipped up to the next mark. A start fails on nothing that it finds.
 * - **A full disk** is a state, not an error: snapshots go on in memory (overflow.ts), each append tries the
 *   disk again, and when memory is full as well the oldest segment makes room.
 */
export function openSpool(parts: SpoolParts): Spool {
  const { files, maxBytes, trouble } = parts;
  const drops = createDrops();
  const timer = createSyncTimer(parts.timers, () => void sync());
  const recovered = recoverSegments(files, trouble);
  const durability = createDurability(files, trouble);
  const log = createSegmentLog({
    files,
    recovered,
    segmentBytes: Math.min(SEGMENT_BYTES, Math.floor(maxBytes / SEGMENTS_MIN)),
    durability,
    trouble,
    wantSync: timer.schedule,
  });
  const loader = createLoader({
    files,
    definitions: recovered.definitions,
    trouble,
    lost: () => drops.count("damaged", 1),
  });
  const memory = createOverflow(parts.memory ?? DEFAULT_BOUNDS);
  const settled = createSettledIds(log, drops.answered);
  let { nextId } = recovered;
  let newestAt = newestOf(log.segments);
  /** How many of the log's writes are synced. */
  let synced = 0;
  let passing: Promise<boolean> | null = null;

  drops.count("damaged", recovered.damaged);
  boundDisk();
  timer.schedule();

  function sizeNow(): number {
    return log.segments.reduce((sum, { waiting }) => sum + waiting.size, memory.snapshots.size);
  }

  function writeMemory(): void {
    for (const [id, snapshot] of memory.snapshots) {
      if (!log.appendSnapshot(id, snapshot)) return;
      memory.remove(id);
    }
  }

  /** Gives up the oldest segment, whatever waits in it. */
  function doomOldest(reason: string): void {
    const oldest = log.shift();
    if (oldest === undefined) return;
    for (const id of oldest.waiting.keys()) drops.drop(id, reason);
    oldest.waiting.clear();
    durability.doom(oldest);
    void sync();
  }

  function boundDisk(): void {
    while (log.bytes > maxBytes && log.segments.length > 1) doomOldest("spool_full");
  }

  function boundMemory(): void {
    if (!memory.isOver) return;
    // Only where it makes room, and one at a time: others may take what it frees.
    if (log.failing === "disk_full" && !durability.isRemoving && log.segments.length > 0) {
      doomOldest("disk_full");
      writeMemory();
    }
    for (const id of memory.snapshots.keys()) {
      if (!memory.isOver) break;
      memory.remove(id);
      drops.drop(id, log.failing ?? "disk_full");
    }
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
      await durability.removeDoomed();
      settled.write();
      writeMemory();
      const upTo = log.writes;
      await durability.syncAll(log.isActive);
      synced = upTo;
      for (let done = log.shiftSettled(synced); done !== undefined; done = log.shiftSettled(synced)) {
        durability.doom(done);
        await durability.removeDoomed();
      }
      return memory.snapshots.size === 0 && settled.isSaid && synced === log.writes;
    } catch (error) {
      trouble("disk", `cannot sync the spool: ${messageOf(error)}`);
      return false;
    }
  }

  return {
    append(snapshot) {
      const id = nextId;
      nextId += 1;
      newestAt = snapshot.at;
      settled.write();
      if (memory.snapshots.size > 0) writeMemory();
      if (memory.snapshots.size > 0 || !log.appendSnapshot(id, snapshot)) {
        memory.add(id, snapshot);
        boundMemory();
      } else loader.keep(id, snapshot);
      boundDisk();
      timer.schedule();
      return id;
    },
    peekBatch: createPeekBatch(log.segments, memory, loader),
    settle(done) {
      const onDisk: number[] = [];
      for (const { id } of done) {
        loader.forget(id);
        if (!memory.remove(id)) onDisk.push(id);
      }
      if (settled.settle(onDisk)) timer.scheduleLazily();
      if (sizeNow() === 0) timer.relax();
    },
    sync,
    async close() {
      timer.cancel();
      const isSafe = await sync();
      timer.cancel();
      log.close();
      return isSafe;
    },
    get nextId() {
      return nextId;
    },
    get size() {
      return sizeNow();
    },
    get bytes() {
      return log.bytes + memory.bytes;
    },
    get ageMs() {
      for (const { waiting } of log.segments)
        for (const { at } of waiting.values()) return Math.max(0, newestAt - at);
      for (const { at } of memory.snapshots.values()) return Math.max(0, newestAt - at);
      return 0;
    },
    get dropped() {
      return drops.total;
    },
    droppedBy: drops.by,
    get inMemory() {
      return memory.snapshots.size;
    },
  };
}

/** Time of the newest snapshot that waits, in ms since 1970; 0 when none does. */
function newestOf(segments: readonly Segment[]): number {
  let newest = 0;
  for (const { waiting } of segments) for (const { at } of waiting.values()) newest = Math.max(newest, at);
  return newest;
}
