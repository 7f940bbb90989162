import type { Db } from "../client.ts";
import type { ListenersRecord, SnapshotRecord } from "./record.ts";
import { widening } from "./widening.ts";

/** The newest snapshot of a namespace; null when there is none. */
export async function readNewest(db: Db, namespaceId: number, now: number): Promise<SnapshotRecord | null> {
  let newest: SnapshotRecord | null = null;
  await widening([namespaceId], Number.POSITIVE_INFINITY, async (wanted, reachMs) => {
    const [found] = await db.$queryRaw<SnapshotRecord[]>`
      SELECT namespace_id, date_part('epoch', at) * 1000 AS at, epoch_id, uptime_ms::float8 AS uptime_ms,
             every_ms, flags::int AS flags, layout_id, "values"
      FROM ts.snapshot WHERE shard = ${namespaceId >> 8} AND namespace_id = ${namespaceId}
        AND at > to_timestamp(${since(now, reachMs) / 1000}::float8)
      ORDER BY at DESC LIMIT 1`;
    newest = found ?? null;
    return found === undefined ? wanted : [];
  });
  return newest;
}

/** When each of these namespaces was last read, in ms since 1970; one without a snapshot is not in it. */
export async function lastSnapshotAt(
  db: Db,
  ids: readonly number[],
  now: number,
): Promise<Map<number, number>> {
  const last = new Map<number, number>();
  await widening(ids, Number.POSITIVE_INFINITY, async (wanted, reachMs) => {
    const rows = await db.$queryRaw<{ id: number; at: number }[]>`
      SELECT wanted.id, date_part('epoch', newest.at) * 1000 AS at
      FROM unnest(${[...wanted]}::int[]) AS wanted(id)
      CROSS JOIN LATERAL (
        SELECT at FROM ts.snapshot WHERE shard = wanted.id >> 8 AND namespace_id = wanted.id
          AND at > to_timestamp(${since(now, reachMs) / 1000}::float8)
        ORDER BY at DESC LIMIT 1
      ) newest`;
    for (const { id, at } of rows) last.set(id, Math.round(at));
    return wanted.filter((id) => !last.has(id));
  });
  return last;
}

/** Of each of these namespaces the newest sample of its listening sockets that is at most `withinMs` old. */
export async function readNewestListeners(
  db: Db,
  ids: readonly number[],
  now: number,
  withinMs: number,
): Promise<ListenersRecord[]> {
  const all: ListenersRecord[] = [];
  await widening(ids, withinMs, async (wanted, reachMs) => {
    const rows = await db.$queryRaw<ListenersRecord[]>`
      SELECT newest.namespace_id, date_part('epoch', newest.at) * 1000 AS at, newest.listeners
      FROM unnest(${[...wanted]}::int[]) AS wanted(id)
      CROSS JOIN LATERAL (
        SELECT namespace_id, at, listeners FROM ts.snapshot
        WHERE shard = wanted.id >> 8 AND namespace_id = wanted.id AND listeners IS NOT NULL
          AND at > to_timestamp(${since(now, reachMs) / 1000}::float8)
        ORDER BY at DESC LIMIT 1
      ) newest`;
    all.push(...rows);
    const found = new Set(rows.map((row) => row.namespace_id));
    return wanted.filter((id) => !found.has(id));
  });
  return all;
}

function since(now: number, withinMs: number): number {
  return Math.max(0, now - withinMs);
}
