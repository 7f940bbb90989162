import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { QueuedSnapshot } from "../../../../../agent/snapshot.ts";
import { KIND, scanRecords } from "../../../../../agent/spool/record.ts";
import {
  type Definitions,
  decodeSnapshot,
  readSegment,
  segmentNumber,
} from "../../../../../agent/spool/segment.ts";
import type { WireSnapshot } from "../../../../../src/protocol/message.ts";

export interface JournalEntry {
  /** In the spool: they rise by one from snapshot to snapshot. */
  readonly id: number;
  readonly queued: QueuedSnapshot;
  readonly snapshot: WireSnapshot;
}

/** Every snapshot in a segment of a spool, settled or not, in their order; none for a file that is no segment. */
export function readJournal(folder: string, name: string): JournalEntry[] {
  const entries: JournalEntry[] = [];
  if (segmentNumber(name) === null) return entries;
  const bytes = readFileSync(join(folder, name));
  const definitions: Definitions = { layouts: new Map(), epochs: new Map() };
  readSegment(name, bytes, definitions);
  for (const record of scanRecords(bytes).records) {
    if (record.kind !== KIND.snapshot) continue;
    const queued = decodeSnapshot(bytes, record, definitions);
    if (queued === null) throw new Error(`${name} lacks what snapshot ${record.id} needs`);
    entries.push({ id: record.id, queued, snapshot: JSON.parse(queued.json) });
  }
  return entries;
}

/**
 * Those of all segments, by epoch and uptime: as long as no segment was removed, all that the spool's agents
 * ever collected.
 */
export function journalOf(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => readJournal(folder, name))
    .map(({ queued, snapshot }) => keyOf(queued.epoch, snapshot));
}

export function keyOf(epoch: { readonly boot: string; readonly number: number }, { uptimeMs }: WireSnapshot) {
  return `${epoch.boot}/${epoch.number}/${uptimeMs}`;
}
