import type { Count } from "../../protocol/count.ts";
import { valueAt } from "../../rates/values.ts";
import type { Db } from "../client.ts";
import type { SnapshotReader, SnapshotRecord } from "../snapshot-reader.ts";

export interface LatestValue {
  readonly name: string;
  readonly value: Count;
  /** ms since 1970 */
  readonly at: number;
}

/** The newest value of every counter of a namespace that it has; empty when there is no snapshot. */
export async function readLatest(
  reader: SnapshotReader,
  db: Db,
  namespaceId: number,
): Promise<LatestValue[]> {
  const records = await db.$queryRaw<SnapshotRecord[]>`
    SELECT namespace_id, date_part('epoch', at) * 1000 AS at, epoch_id, uptime_ms::float8 AS uptime_ms,
           every_ms, flags::int AS flags, layout_id, "values"
    FROM ts.snapshot WHERE shard = ${namespaceId >> 8} AND namespace_id = ${namespaceId}
    ORDER BY at DESC LIMIT 1`;
  const [newest] = await reader.decode(db, records);
  if (newest === undefined) return [];
  const { at, layout, values } = newest.snapshot;
  const latest: LatestValue[] = [];
  layout.counterIds.forEach((counterId, position) => {
    const value = valueAt(values, position);
    const name = reader.layouts.counterName(counterId);
    if (value !== null && name !== null) latest.push({ name, value, at });
  });
  return latest;
}
