import type { Db } from "../client.ts";
import { HOUR_MS, type SnapshotRecord } from "./record.ts";
import { HOUR, IS_COMPACTED, instant, SNAPSHOT, type SourceRow, snapshotsIn, within } from "./sources.ts";
import { Unpacking } from "./unpacking.ts";

/** What names a snapshot; `at` in ms since 1970. */
export interface SnapshotKey {
  readonly namespaceId: number;
  readonly at: number;
}

export function keyOf({ namespaceId, at }: SnapshotKey): string {
  return `${namespaceId} ${at}`;
}

/**
 * Those of the named snapshots that there are, by `keyOf`. An hour that is damaged has none that could be told:
 * what comes for it is kept as new, and merging takes each time once should the hour be restored.
 */
export async function readStored(
  db: Db,
  keys: readonly SnapshotKey[],
): Promise<ReadonlyMap<string, SnapshotRecord>> {
  const found = new Map<string, SnapshotRecord>();
  if (keys.length === 0) return found;
  const times = keys.map((key) => key.at);
  const span = { from: Math.min(...times), to: Math.max(...times) + 1 };
  const firstHour = Math.floor(span.from / HOUR_MS) * HOUR_MS;
  const rows = await db.$queryRaw<SourceRow[]>`
    WITH wanted AS MATERIALIZED (
      SELECT namespace_id >> 8 AS shard, namespace_id, to_timestamp(at / 1000)::timestamptz(3) AS at
      FROM unnest(${keys.map((key) => key.namespaceId)}::int[], ${times}::float8[]) AS key(namespace_id, at)
    )
    SELECT ${SNAPSHOT} FROM wanted JOIN ts.snapshot s USING (shard, namespace_id, at) WHERE ${within(span)}
    UNION ALL
    SELECT ${SNAPSHOT} FROM wanted JOIN ts.snapshot_late s USING (shard, namespace_id, at) WHERE ${within(span)}
    UNION ALL
    SELECT ${HOUR} FROM ts.snapshot_hour h
    JOIN (SELECT DISTINCT shard, namespace_id, date_trunc('hour', at) AS hour FROM wanted) w
      USING (shard, namespace_id, hour)
    WHERE h.hour >= ${instant(firstHour)} AND h.hour < ${instant(span.to)} AND ${IS_COMPACTED}`;
  const wanted = new Set(keys.map(keyOf));
  const unpacking = new Unpacking();
  for (const row of rows) {
    for (const one of await snapshotsIn(row, unpacking)) {
      const key = keyOf({ namespaceId: one.namespace_id, at: Math.round(one.at) });
      if (wanted.has(key)) found.set(key, one);
    }
  }
  return found;
}
