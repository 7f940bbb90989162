import { encodeRecord, KIND } from "./record.ts";
import type { Segment } from "./segment.ts";
import type { SegmentLog } from "./segment-log.ts";

/** Snapshots of the disk that need no further push, from the answer until a record says so. */
export interface SettledIds {
  /** None of them is without its record. */
  readonly isSaid: boolean;
  /** Ids whose snapshots wait on the disk; others are ignored. @returns whether there was any. */
  settle(ids: Iterable<number>): boolean;
  /** Writes the record, if one is due. On a full disk it stays due. */
  write(): void;
}

/** @param unknown is told the ids that do not wait on the disk. */
export function createSettledIds(log: SegmentLog, unknown: (id: number) => void): SettledIds {
  let unsaid: number[] = [];

  function write(): void {
    if (unsaid.length === 0) return;
    const payload = JSON.stringify(rangesOf(unsaid));
    if (log.append(encodeRecord({ kind: KIND.settled, id: 0, at: 0 }, payload))) unsaid = [];
  }

  return {
    get isSaid() {
      return unsaid.length === 0;
    },
    settle(ids) {
      const touched = new Set<Segment>();
      for (const id of ids) {
        const segment = log.holderOf(id);
        if (segment?.waiting.delete(id) !== true) {
          unknown(id);
          continue;
        }
        touched.add(segment);
        unsaid.push(id);
      }
      if (touched.size === 0) return false;
      write();
      // On a full disk it cannot be said; then the segment's end says it.
      for (const segment of touched) segment.settledBy = unsaid.length === 0 ? log.writes : 0;
      return true;
    },
    write,
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
