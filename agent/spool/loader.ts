import type { WaitingSnapshot } from "../queue.ts";
import type { QueuedSnapshot } from "../snapshot.ts";
import type { SpoolFiles } from "./files.ts";
import { recordAt } from "./record.ts";
import { type Definitions, decodeSnapshot, type Place, type Segment } from "./segment.ts";
import { hasCode, messageOf, type Trouble } from "./trouble.ts";

/** The newest snapshots are kept at hand, so that in quiet times nothing is read back. */
const AT_HAND = 32;

/** Gives snapshots of the disk back. */
export interface Loader {
  /** It was just written, and is likely asked for next. */
  keep(id: number, snapshot: QueuedSnapshot): void;
  forget(id: number): void;
  /** Reads snapshots of one segment, in one piece. Those that are damaged wait there no longer. */
  load(segment: Segment, wanted: readonly (readonly [number, Place])[]): WaitingSnapshot[];
}

export function createLoader(parts: {
  readonly files: SpoolFiles;
  readonly definitions: Definitions;
  readonly trouble: Trouble;
  /** One was damaged, and is given up. */
  readonly lost: () => void;
}): Loader {
  const { files, definitions, trouble, lost } = parts;
  const atHand = new Map<number, QueuedSnapshot>();
  return {
    keep(id, snapshot) {
      atHand.set(id, snapshot);
      for (const oldest of atHand.keys()) {
        if (atHand.size <= AT_HAND) break;
        atHand.delete(oldest);
      }
    },
    forget(id) {
      atHand.delete(id);
    },
    load(segment, wanted) {
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
        else if (segment.waiting.delete(id)) lost();
      }
      return loaded;
    },
  };
}
