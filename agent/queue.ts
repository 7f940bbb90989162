import type { QueuedSnapshot } from "./snapshot.ts";

/**
 * Snapshots that the service has not acknowledged, oldest first. Scrapes append, the pusher peeks and then
 * settles what the service has answered for; nothing leaves by being looked at.
 */
export interface SnapshotQueue {
  /** Adds a snapshot as the newest. Drops and counts the oldest while a bound is passed. */
  append(snapshot: QueuedSnapshot): void;
  /** Up to `count` of the oldest that are `ready`, in order. */
  peekBatch(count: number, ready: (snapshot: QueuedSnapshot) => boolean): readonly QueuedSnapshot[];
  /** Removes what needs no further push. One that is no longer here is ignored. */
  settle(done: Iterable<QueuedSnapshot>): void;
  readonly size: number;
  readonly bytes: number;
  /** Snapshots dropped unsent since the start. */
  readonly dropped: number;
}

export interface QueueBounds {
  readonly snapshots: number;
  readonly bytes: number;
}

/** Four hours at one snapshot each 10 s; the bytes hold at shorter intervals and on kernels with more names. */
export const DEFAULT_BOUNDS: QueueBounds = { snapshots: 1_440, bytes: 4 * 1024 * 1024 };

/** A queue in memory: what it holds is lost with the process. */
export function createMemoryQueue(bounds: QueueBounds = DEFAULT_BOUNDS): SnapshotQueue {
  // A Set keeps the order of insertion and deletes from the middle at no cost.
  const waiting = new Set<QueuedSnapshot>();
  let bytes = 0;
  let dropped = 0;

  function remove(snapshot: QueuedSnapshot): boolean {
    if (!waiting.delete(snapshot)) return false;
    bytes -= snapshot.json.length;
    return true;
  }

  return {
    append(snapshot) {
      waiting.add(snapshot);
      bytes += snapshot.json.length;
      for (const oldest of waiting) {
        if (waiting.size <= bounds.snapshots && bytes <= bounds.bytes) break;
        if (remove(oldest)) dropped += 1;
      }
    },
    peekBatch(count, ready) {
      const batch: QueuedSnapshot[] = [];
      for (const snapshot of waiting) {
        if (batch.length >= count) break;
        if (ready(snapshot)) batch.push(snapshot);
      }
      return batch;
    },
    settle(done) {
      for (const snapshot of done) remove(snapshot);
    },
    get size() {
      return waiting.size;
    },
    get bytes() {
      return bytes;
    },
    get dropped() {
      return dropped;
    },
  };
}
