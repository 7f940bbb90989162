import type { SnapshotQueue, WaitingSnapshot } from "../queue.ts";
import type { Loader } from "./loader.ts";
import type { Overflow } from "./overflow.ts";
import type { Place, Segment } from "./segment.ts";

/** `SnapshotQueue.peekBatch` of a spool: what is on the disk first, for all of that is older than what is not. */
export function createPeekBatch(
  segments: readonly Segment[],
  memory: Overflow,
  loader: Loader,
): SnapshotQueue["peekBatch"] {
  return (count, ready, { bytes = Number.POSITIVE_INFINITY, fromId = 0 } = {}) => {
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
      if (wanted.length > 0) batch.push(...loader.load(segment, wanted));
      if (room <= 0 || batch.length >= count) return batch;
    }
    for (const [id, snapshot] of memory.snapshots) {
      if (batch.length >= count) break;
      if (id < fromId || !ready(id)) continue;
      room -= snapshot.json.length;
      if (room < 0 && batch.length > 0) break;
      batch.push({ ...snapshot, id });
    }
    return batch;
  };
}
