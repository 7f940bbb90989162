import type { SpoolFiles } from "./files.ts";
import { type Definitions, readSegment, type Segment, segmentName, segmentNumber } from "./segment.ts";
import type { Trouble } from "./trouble.ts";
import { messageOf } from "./trouble.ts";

/** What a scan of the folder gives: everything that the spool knows at its start. */
export interface Recovered {
  /** Oldest first, and ids rise through all of them. */
  readonly segments: Segment[];
  readonly definitions: Definitions;
  /** Above every id that was ever given, as far as the folder tells. */
  readonly nextId: number;
  readonly nextNumber: number;
  /** The newest segment where its end is known, which can be gone on in; null when there is none. */
  readonly last: { readonly segment: Segment; readonly isTorn: boolean } | null;
  /** Parts that were skipped. */
  readonly damaged: number;
}

/** More than one segment can hold. */
const IDS_OF_A_SEGMENT = 65_536;

/**
 * Rebuilds a spool from its segments alone: there is no other file that could contradict them. A start fails
 * on nothing that is found here; damage is skipped up to the next mark.
 */
export function recoverSegments(files: SpoolFiles, trouble: Trouble): Recovered {
  const definitions: Definitions = { layouts: new Map(), epochs: new Map() };
  const numbers = files.list().map(segmentNumber);
  const found = numbers.filter((number) => number !== null).sort((a, b) => a - b);
  const segments: Segment[] = [];
  const settled: (readonly [number, number])[] = [];
  let nextId = 1;
  let torn = 0;
  let damaged = 0;
  for (const number of found) {
    const name = segmentName(number);
    try {
      const read = readSegment(name, files.read(name), definitions);
      segments.push(read.segment);
      settled.push(...read.settled);
      nextId = Math.max(nextId, read.segment.lastId + 1);
      torn = read.torn;
      damaged += read.damaged;
      if (read.damaged > 0) trouble("damaged", `skipped ${read.damaged} damaged parts of ${name}`);
    } catch (error) {
      // It may be readable again one day: its ids must stay its own.
      nextId += IDS_OF_A_SEGMENT;
      trouble("unreadable", `left out ${name}, which cannot be read: ${messageOf(error)}`);
    }
  }
  for (const [, last] of settled) nextId = Math.max(nextId, last + 1);
  settle(segments, settled);
  const newest = segments.at(-1);
  const newestNumber = found.at(-1) ?? 0;
  // One that cannot be read is not gone on in, and neither is one before it: numbers rise with ids.
  const last = newest?.name === segmentName(newestNumber) ? { segment: newest, isTorn: torn > 0 } : null;
  return { segments, definitions, nextId, nextNumber: newestNumber + 1, last, damaged };
}

/** The record that settles a snapshot may be in a later segment, so all are read before any is applied. */
function settle(segments: readonly Segment[], settled: readonly (readonly [number, number])[]): void {
  const find = createFinder(segments);
  for (const [first, last] of settled) {
    for (let id = first; id <= last; id += 1) find(id)?.waiting.delete(id);
  }
}

/** Finds the segment in which a snapshot waits. Neighbours lie together, so it looks where it found the last. */
export function createFinder(segments: readonly Segment[]): (id: number) => Segment | undefined {
  let hint: Segment | undefined;
  return (id) => {
    if (hint?.waiting.has(id) !== true) hint = segments.find(({ waiting }) => waiting.has(id));
    return hint;
  };
}
