import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KIND, scanRecords } from "../../../../../agent/spool/record.ts";
import {
  type Definitions,
  decodeSnapshot,
  readSegment,
  segmentNumber,
} from "../../../../../agent/spool/segment.ts";
import type { WireSnapshot } from "../../../../../src/protocol/message.ts";

/**
 * Every snapshot that is in the segments of a spool, settled or not, by epoch and uptime: as long as no
 * segment was removed, all that its agents ever collected.
 */
export function journalOf(folder: string): string[] {
  const keys: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (segmentNumber(name) === null) continue;
    const bytes = readFileSync(join(folder, name));
    const definitions: Definitions = { layouts: new Map(), epochs: new Map() };
    readSegment(name, bytes, definitions);
    for (const record of scanRecords(bytes).records) {
      if (record.kind !== KIND.snapshot) continue;
      const snapshot = decodeSnapshot(bytes, record, definitions);
      if (snapshot === null) throw new Error(`${name} lacks what snapshot ${record.id} needs`);
      keys.push(keyOf(snapshot.epoch, JSON.parse(snapshot.json)));
    }
  }
  return keys;
}

export function keyOf(epoch: { readonly boot: string; readonly number: number }, { uptimeMs }: WireSnapshot) {
  return `${epoch.boot}/${epoch.number}/${uptimeMs}`;
}
