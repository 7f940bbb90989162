import { createDrops } from "./drops.ts";
import type { QueuedSnapshot } from "./snapshot.ts";

/** A snapshot in a queue. Ids rise as snapshots are appended, and none is used twice. */
export interface WaitingSnapshot extends QueuedSnapshot {
  readonly id: number;
}

/**
 * Snapshots that the service has not acknowledged, oldest first. Scrapes append, the pusher peeks and then
 * settles what the service has answered for; nothing leaves by being looked at.
 */
export interface SnapshotQueue {
  /** Adds a snapshot as the newest, and gives its id. Drops and counts the oldest while a bound is passed. */
  append(snapshot: QueuedSnapshot): number;
  /**
   * Up to `count` of the oldest that are `ready`, in order: of those from `fromId` on, and no more than fill
   * `bytes`, but at least one.
   */
  peekBatch(
    count: number,
    ready: (id: number) => boolean,
    within?: { readonly bytes?: number; readonly fromId?: number },
  ): readonly WaitingSnapshot[];
  /** Removes what needs no further push. One that was dropped while it was under way is not counted as dropped. */
  settle(done: Iterable<{ readonly id: number }>): void;
  /** The id that the next snapshot will get. */
  readonly nextId: number;
  readonly size: number;
  readonly bytes: number;
  /** Time from the oldest snapshot to the newest ever appended, in ms; 0 when it is empty. */
  readonly ageMs: number;
  /** Snapshots dropped unsent since the start. */
  readonly dropped: number;
  /** The same by reason. */
  readonly droppedBy: ReadonlyMap<string, number>;
}

export interface QueueBounds {
  readonly snapshots: number;
  readonly bytes: number;
}

/** Four hours at one snapshot each 10 s; the bytes hold at shorter intervals and on kernels with more names. */
export const DEFAULT_BOUNDS: QueueBounds = { snapshots: 1_440, bytes: 4 * 1024 * 1024 };

/** A queue in memory: what it holds is lost with the process. */
export function createMemoryQueue(bounds: QueueBounds = DEFAULT_BOUNDS): SnapshotQueue {
  // A Map keeps the order of insertion and deletes from the middle at no cost.
  const waiting = new Map<number, WaitingSnapshot>();
  const drops = createDrops();
  let nextId = 1;
  let bytes = 0;
  let newestAt = 0;

  function remove(id: number): boolean {
    const snapshot = waiting.get(id);
    if (snapshot === undefined) return false;
    waiting.delete(id);
    bytes -= snapshot.json.length;
    return true;
  }

  return {
    append(snapshot) {
      const id = nextId;
      nextId += 1;
      waiting.set(id, { ...snapshot, id });
      newestAt = snapshot.at;
      bytes += snapshot.json.length;
      for (const oldest of waiting.keys()) {
        if (waiting.size <= bounds.snapshots && bytes <= bounds.bytes) break;
        if (remove(oldest)) drops.drop(oldest, "memory_full");
      }
      return id;
    },
    peekBatch(count, ready, { bytes: room = Number.POSITIVE_INFINITY, fromId = 0 } = {}) {
      const batch: WaitingSnapshot[] = [];
      let filled = 0;
      for (const snapshot of waiting.values()) {
        if (batch.length >= count) break;
        if (snapshot.id < fromId || !ready(snapshot.id)) continue;
        filled += snapshot.json.length;
        if (filled > room && batch.length > 0) break;
        batch.push(snapshot);
      }
      return batch;
    },
    settle(done) {
      for (const { id } of done) if (!remove(id)) drops.answered(id);
    },
    get nextId() {
      return nextId;
    },
    get size() {
      return waiting.size;
    },
    get bytes() {
      return bytes;
    },
    get ageMs() {
      const [oldest] = waiting.values();
      return oldest === undefined ? 0 : Math.max(0, newestAt - oldest.at);
    },
    get dropped() {
      return drops.total;
    },
    droppedBy: drops.by,
  };
}
