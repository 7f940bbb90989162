import type { SnapshotQueue, WaitingSnapshot } from "../queue.ts";
import type { Loader } from "./loader.ts";
import type { Overflow } from "./overflow.ts";
import type { Place, Segment } from "./segment.ts";

/** A disk that dies takes its time over each read, and the scrapes wait meanwhile. */
const FAILING_MAX = 4;

/**
 * `SnapshotQueue.peekBatch` of a spool: what is on the disk first, for all of that is older than what is not. What
 * cannot be read now takes no room and holds up nothing; after so many segments of which that is true, the disk is
 * left alone until the next batch.
 */
export function createPeekBatch(
  segments: readonly Segment[],
  memory: Overflow,
  loader: Loader,
): SnapshotQueue["peekBatch"] {
  return (count, ready, { bytes = Number.POSITIVE_INFINITY, fromId = 0 } = {}) => {
    const batch: WaitingSnapshot[] = [];
    let room = bytes;
    let failing = 0;
    for (const segment of segments) {
      if (failing === FAILING_MAX) break;
      if (segment.waiting.size === 0 || segment.lastId < fromId) continue;
      const wanted: [number, Place][] = [];
      let left = room;
      let isFull = false;
      for (const [id, place] of segment.waiting) {
        if (batch.length + wanted.length >= count) break;
        if (id < fromId || !ready(id)) continue;
        left -= place.length;
        isFull = left < 0 && batch.length + wanted.length > 0;
        if (isFull) break;
        wanted.push([id, place]);
      }
      const loaded = wanted.length === 0 ? [] : loader.load(segment, wanted);
      batch.push(...loaded);
      for (const { id } of loaded) room -= segment.waiting.get(id)?.length ?? 0;
      // Those that are damaged wait no longer.
      if (wanted.filter(([id]) => segment.waiting.has(id)).length > loaded.length) failing += 1;
      else if (isFull && batch.length > 0) return batch;
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
