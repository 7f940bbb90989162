import type { Snapshot } from "../../rates/snapshot.ts";
import type { CounterValues } from "../../rates/values.ts";
import type { Db } from "../client.ts";
import { decodeValues } from "../codec/values.ts";
import { EpochCache } from "../epochs.ts";
import type { LayoutCache } from "../layouts.ts";
import { FLAG_FROM_ZERO } from "../snapshots.ts";
import type { SnapshotRecord } from "./record.ts";
import { throwUnreadable, type Unreadable, type UnreadableReason } from "./unreadable.ts";

export interface NamespaceSnapshot {
  readonly namespaceId: number;
  readonly snapshot: Snapshot;
}

/** Births kept at most: containers come and go, and each is asked for with its first snapshots only. */
const REMEMBERED_BIRTHS = 50_000;

/** Turns stored snapshots into snapshots with their epoch, layout and values. */
export class SnapshotReader {
  readonly layouts: LayoutCache;
  readonly #epochs = new EpochCache();
  readonly #births = new Map<number, number>();

  constructor(layouts: LayoutCache) {
    this.layouts = layouts;
  }

  /** @throws UnreadableError that names every record whose epoch or layout is gone, or whose values are damaged */
  async decode(db: Db, records: readonly SnapshotRecord[]): Promise<NamespaceSnapshot[]> {
    const epochs = await this.#epochs.load(db, new Set(records.map((record) => record.epoch_id)));
    const layouts = await this.layouts.load(db, new Set(records.map((record) => record.layout_id)));
    await this.#loadBirths(db, records);
    const unreadable: Unreadable[] = [];
    const decoded: NamespaceSnapshot[] = [];
    for (const record of records) {
      const epoch = epochs.get(record.epoch_id);
      const layout = layouts.get(record.layout_id);
      if (epoch === undefined) unreadable.push(goneOf(record, "no_epoch", `epoch ${record.epoch_id}`));
      else if (layout === undefined)
        unreadable.push(goneOf(record, "no_layout", `layout ${record.layout_id}`));
      if (epoch === undefined || layout === undefined) continue;
      const values = valuesOf(record, layout.counterIds.length);
      if ("reason" in values) {
        unreadable.push(values);
        continue;
      }
      decoded.push({
        namespaceId: record.namespace_id,
        snapshot: {
          at: Math.round(record.at),
          uptimeMs: record.uptime_ms,
          everyMs: record.every_ms,
          bornUptimeMs:
            (record.flags & FLAG_FROM_ZERO) === 0 ? null : (this.#births.get(record.namespace_id) ?? null),
          epoch,
          layout,
          values,
        },
      });
    }
    throwUnreadable(unreadable);
    return decoded;
  }

  async #loadBirths(db: Db, records: readonly SnapshotRecord[]): Promise<void> {
    if (this.#births.size > REMEMBERED_BIRTHS) this.#births.clear();
    const ids = new Set<number>();
    for (const { flags, namespace_id } of records) {
      if ((flags & FLAG_FROM_ZERO) !== 0 && !this.#births.has(namespace_id)) ids.add(namespace_id);
    }
    if (ids.size === 0) return;
    const rows = await db.namespace.findMany({ where: { id: { in: [...ids] } } });
    for (const row of rows) if (row.birth !== null) this.#births.set(row.id, Number(row.birth));
  }
}

/** @returns why they cannot be decoded, when they cannot */
function valuesOf(record: SnapshotRecord, length: number): CounterValues | Unreadable {
  if (!(record.values instanceof Uint8Array)) return record.values;
  try {
    return decodeValues(record.values, length);
  } catch (error) {
    const why = (error as Error).message;
    return unreadable(record, "damaged_values", `its values are damaged (${why}): restore the row`);
  }
}

function goneOf(record: SnapshotRecord, reason: UnreadableReason, row: string): Unreadable {
  return unreadable(record, reason, `its ${row} is not there: restore that row`);
}

function unreadable(
  { namespace_id: namespaceId, at }: SnapshotRecord,
  reason: UnreadableReason,
  what: string,
): Unreadable {
  const time = new Date(at).toISOString();
  return {
    namespaceId,
    at: Math.round(at),
    reason,
    what: `the snapshot of ${time} is there, but ${what} from a backup, or delete the snapshot to give it up`,
  };
}
