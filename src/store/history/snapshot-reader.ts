import type { Snapshot } from "../../rates/snapshot.ts";
import type { Db } from "../client.ts";
import { decodeValues } from "../codec/values.ts";
import { EpochCache } from "../epochs.ts";
import type { LayoutCache } from "../layouts.ts";
import { FLAG_FROM_ZERO } from "../snapshots.ts";
import type { SnapshotRecord } from "./record.ts";

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

  async decode(db: Db, records: readonly SnapshotRecord[]): Promise<NamespaceSnapshot[]> {
    const epochs = await this.#epochs.load(db, new Set(records.map((record) => record.epoch_id)));
    const layouts = await this.layouts.load(db, new Set(records.map((record) => record.layout_id)));
    await this.#loadBirths(db, records);
    return records.map((record) => {
      const epoch = epochs.get(record.epoch_id);
      const layout = layouts.get(record.layout_id);
      if (epoch === undefined || layout === undefined) {
        throw new Error(
          `cannot read the snapshot of namespace ${record.namespace_id} at ${record.at}: ` +
            `its epoch ${record.epoch_id} or layout ${record.layout_id} is gone`,
        );
      }
      return {
        namespaceId: record.namespace_id,
        snapshot: {
          at: Math.round(record.at),
          uptimeMs: record.uptime_ms,
          everyMs: record.every_ms,
          bornUptimeMs:
            (record.flags & FLAG_FROM_ZERO) === 0 ? null : (this.#births.get(record.namespace_id) ?? null),
          epoch,
          layout,
          values:
            record.values instanceof Uint8Array
              ? decodeValues(record.values, layout.counterIds.length)
              : record.values,
        },
      };
    });
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
