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

/**
 * Every snapshot that is in the segments of a spool, settled or not, in their order: as long as no segment was
 * removed, all that its agents ever collected.
 */
export function readJournal(folder: string): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (segmentNumber(name) === null) continue;
    const bytes = readFileSync(join(folder, name));
    const definitions: Definitions = { layouts: new Map(), epochs: new Map() };
    readSegment(name, bytes, definitions);
    for (const record of scanRecords(bytes).records) {
      if (record.kind !== KIND.snapshot) continue;
      const queued = decodeSnapshot(bytes, record, definitions);
      if (queued === null) throw new Error(`${name} lacks what snapshot ${record.id} needs`);
      entries.push({ id: record.id, queued, snapshot: JSON.parse(queued.json) });
    }
  }
  return entries;
}

/** The same by epoch and uptime. */
export function journalOf(folder: string): string[] {
  return readJournal(folder).map(({ queued, snapshot }) => keyOf(queued.epoch, snapshot));
}

export function keyOf(epoch: { readonly boot: string; readonly number: number }, { uptimeMs }: WireSnapshot) {
  return `${epoch.boot}/${epoch.number}/${uptimeMs}`;
}
