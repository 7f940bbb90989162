import type { QueueBounds } from "../queue.ts";
import type { QueuedSnapshot } from "../snapshot.ts";

/** Snapshots that the disk did not take, oldest first: all of them are newer than any on the disk. */
export interface Overflow {
  readonly snapshots: ReadonlyMap<number, QueuedSnapshot>;
  readonly bytes: number;
  /** It holds more than its bounds allow. */
  readonly isOver: boolean;
  add(id: number, snapshot: QueuedSnapshot): void;
  /** @returns whether it was here. */
  remove(id: number): boolean;
}

export function createOverflow(bounds: QueueBounds): Overflow {
  const snapshots = new Map<number, QueuedSnapshot>();
  let bytes = 0;
  return {
    snapshots,
    get bytes() {
      return bytes;
    },
    get isOver() {
      return snapshots.size > bounds.snapshots || bytes > bounds.bytes;
    },
    add(id, snapshot) {
      snapshots.set(id, snapshot);
      bytes += snapshot.json.length;
    },
    remove(id) {
      const held = snapshots.get(id);
      if (held === undefined) return false;
      snapshots.delete(id);
      bytes -= held.json.length;
      return true;
    },
  };
}
