import type { WaitingSnapshot } from "../queue.ts";
import type { QueuedSnapshot } from "../snapshot.ts";
import type { SpoolFiles } from "./files.ts";
import { recordAt } from "./record.ts";
import { type Definitions, decodeSnapshot, type Place, type Segment } from "./segment.ts";
import { hasCode, messageOf, type Trouble } from "./trouble.ts";

/** The newest snapshots are kept at hand, so that in quiet times nothing is read back. */
const AT_HAND = 32;
/** Records that may fail when each is read alone: a disk that dies takes its time over each. */
const FAILED_MAX = 4;

/** A stretch of a segment, and where it begins there. */
interface Piece {
  readonly begin: number;
  readonly bytes: Buffer;
}

/** Gives snapshots of the disk back. */
export interface Loader {
  /** It was just written, and is likely asked for next. */
  keep(id: number, snapshot: QueuedSnapshot): void;
  forget(id: number): void;
  /**
   * Reads snapshots of one segment, in one piece; where that fails, one at a time. Those that are damaged wait there
   * no longer, and those that cannot be read now are left out.
   */
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

  /** From the first of the places to the end of the last; null when it cannot be read now. */
  function read({ name }: Segment, places: readonly Place[]): Piece | null {
    const begin = Math.min(...places.map(({ offset }) => offset));
    const end = Math.max(...places.map(({ offset, length }) => offset + length));
    try {
      return { begin, bytes: files.readAt(name, begin, end - begin) };
    } catch (error) {
      trouble("disk", `cannot read ${name}: ${messageOf(error)}`);
      // One that is gone will not come back; any other fault may pass.
      return hasCode(error, "ENOENT") ? { begin, bytes: Buffer.alloc(0) } : null;
    }
  }

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
      const whole = missing.length === 0 ? null : read(segment, missing);
      let failed = 0;
      const loaded: WaitingSnapshot[] = [];
      for (const [id, place] of wanted) {
        const held = atHand.get(id);
        if (held !== undefined) {
          loaded.push({ ...held, id });
          continue;
        }
        const piece = whole ?? (failed < FAILED_MAX ? read(segment, [place]) : null);
        if (piece === null) {
          failed += 1;
          continue;
        }
        const record = recordAt(piece.bytes, place.offset - piece.begin);
        const snapshot = record === null ? null : decodeSnapshot(piece.bytes, record, definitions);
        if (snapshot !== null) loaded.push({ ...snapshot, id });
        else if (segment.waiting.delete(id)) lost();
      }
      return loaded;
    },
  };
}
