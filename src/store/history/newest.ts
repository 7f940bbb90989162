import type { Db } from "../client.ts";
import { decodeHourListeners } from "../codec/hour.ts";
import { HOUR_MS, type ListenersRecord, type SnapshotRecord } from "./record.ts";
import { HOUR, IS_COMPACTED, instant, SNAPSHOT, type SourceRow, snapshotsIn } from "./sources.ts";
import { Unpacking } from "./unpacking.ts";
import { widening } from "./widening.ts";

/** The newest snapshot of a namespace; null when there is none. @throws UnreadableError */
export async function readNewest(db: Db, namespaceId: number, now: number): Promise<SnapshotRecord | null> {
  let newest: SnapshotRecord | null = null;
  const shard = namespaceId >> 8;
  await widening([namespaceId], Number.POSITIVE_INFINITY, async (wanted, reachMs) => {
    const since = Math.max(0, now - reachMs);
    const rows = await db.$queryRaw<SourceRow[]>`
      (SELECT ${SNAPSHOT} FROM ts.snapshot s
       WHERE s.shard = ${shard} AND s.namespace_id = ${namespaceId} AND s.at > ${instant(since)}
       ORDER BY s.at DESC LIMIT 1)
      UNION ALL
      (SELECT ${SNAPSHOT} FROM ts.snapshot_late s
       WHERE s.shard = ${shard} AND s.namespace_id = ${namespaceId} AND s.at > ${instant(since)}
       ORDER BY s.at DESC LIMIT 1)
      UNION ALL
      (SELECT ${HOUR} FROM ts.snapshot_hour h
       WHERE h.shard = ${shard} AND h.namespace_id = ${namespaceId} AND h.hour > ${instant(since - HOUR_MS)}
         AND h.last_at > ${instant(since)} AND ${IS_COMPACTED}
       ORDER BY h.hour DESC LIMIT 1)`;
    const unpacking = new Unpacking();
    for (const row of rows) {
      const last = (await snapshotsIn(row, unpacking)).at(-1) ?? null;
      if (last !== null && (newest === null || last.at > newest.at)) newest = last;
    }
    unpacking.end();
    return newest === null ? wanted : [];
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
    const since = Math.max(0, now - reachMs);
    const rows = await db.$queryRaw<{ id: number; at: number }[]>`
      SELECT wanted.id, date_part('epoch', max(newest.at)) * 1000 AS at
      FROM unnest(${[...wanted]}::int[]) AS wanted(id)
      CROSS JOIN LATERAL (
        (SELECT s.at FROM ts.snapshot s
         WHERE s.shard = wanted.id >> 8 AND s.namespace_id = wanted.id AND s.at > ${instant(since)}
         ORDER BY s.at DESC LIMIT 1)
        UNION ALL
        (SELECT s.at FROM ts.snapshot_late s
         WHERE s.shard = wanted.id >> 8 AND s.namespace_id = wanted.id AND s.at > ${instant(since)}
         ORDER BY s.at DESC LIMIT 1)
        UNION ALL
        (SELECT h.last_at FROM ts.snapshot_hour h
         WHERE h.shard = wanted.id >> 8 AND h.namespace_id = wanted.id AND h.hour > ${instant(since - HOUR_MS)}
           AND h.last_at > ${instant(since)} AND ${IS_COMPACTED}
         ORDER BY h.hour DESC LIMIT 1)
      ) newest
      GROUP BY wanted.id`;
    for (const { id, at } of rows) last.set(id, Math.round(at));
    return wanted.filter((id) => !last.has(id));
  });
  return last;
}

type ListenersRow = ListenersRecord & { readonly compacted: boolean };

/**
 * Of each of these namespaces the newest sample of its listening sockets that is at most `withinMs` old.
 *
 * @throws UnreadableError
 */
export async function readNewestListeners(
  db: Db,
  ids: readonly number[],
  now: number,
  withinMs: number,
): Promise<ListenersRecord[]> {
  const newest = new Map<number, ListenersRecord>();
  await widening(ids, withinMs, async (wanted, reachMs) => {
    const since = Math.max(0, now - reachMs);
    const rows = await db.$queryRaw<ListenersRow[]>`
      SELECT wanted.id AS namespace_id, newest.compacted, date_part('epoch', newest.at) * 1000 AS at,
             newest.listeners
      FROM unnest(${[...wanted]}::int[]) AS wanted(id)
      CROSS JOIN LATERAL (
        (SELECT false AS compacted, s.at, s.listeners FROM ts.snapshot s
         WHERE s.shard = wanted.id >> 8 AND s.namespace_id = wanted.id AND s.at > ${instant(since)}
           AND s.listeners IS NOT NULL
         ORDER BY s.at DESC LIMIT 1)
        UNION ALL
        (SELECT false, s.at, s.listeners FROM ts.snapshot_late s
         WHERE s.shard = wanted.id >> 8 AND s.namespace_id = wanted.id AND s.at > ${instant(since)}
           AND s.listeners IS NOT NULL
         ORDER BY s.at DESC LIMIT 1)
        UNION ALL
        (SELECT true, h.last_listeners_at, h.data FROM ts.snapshot_hour h
         WHERE h.shard = wanted.id >> 8 AND h.namespace_id = wanted.id AND h.hour > ${instant(since - HOUR_MS)}
           AND h.last_listeners_at > ${instant(since)} AND ${IS_COMPACTED}
         ORDER BY h.hour DESC LIMIT 1)
      ) newest`;
    const unpacking = new Unpacking();
    for (const { compacted, namespace_id, at, listeners } of rows) {
      const best = newest.get(namespace_id);
      if (best !== undefined && best.at >= at) continue;
      const last = compacted
        ? (await unpacking.hour(namespace_id, hourOf(at), () => decodeHourListeners(listeners)))?.at(-1)
        : { at, listeners };
      if (last !== undefined) newest.set(namespace_id, { namespace_id, ...last });
    }
    unpacking.end();
    return wanted.filter((id) => !newest.has(id));
  });
  return [...newest.values()];
}

function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS) * HOUR_MS;
}
