import { setImmediate as turn } from "node:timers/promises";
import type { Db } from "../client.ts";
import { decodeHourListeners } from "../codec/hour.ts";
import type { ListenersRecord, SnapshotRecord, Span, Whose } from "./record.ts";
import { HOUR, hoursWithin, of, SNAPSHOT, type SourceRow, snapshotsIn, within } from "./sources.ts";

/** Compacted hours that are unpacked, some 2 ms each, before others have their turn. */
const HOURS_PER_TURN = 8;

/** The snapshots of a span, by namespace and time. */
export async function readSpan(db: Db, whose: Whose, span: Span): Promise<SnapshotRecord[]> {
  const rows = await db.$queryRaw<SourceRow[]>`
    (SELECT ${SNAPSHOT} FROM ts.snapshot s WHERE ${of(whose)} AND ${within(span)} ORDER BY s.namespace_id, s.at)
    UNION ALL
    SELECT ${SNAPSHOT} FROM ts.snapshot_late s WHERE ${of(whose)} AND ${within(span)}
    UNION ALL
    SELECT ${HOUR} FROM ts.snapshot_hour h WHERE ${of(whose)} AND ${hoursWithin(span)}`;
  const records: SnapshotRecord[] = [];
  let unpacked = 0;
  for (const row of rows) {
    for (const one of snapshotsIn(row)) if (one.at >= span.from && one.at < span.to) records.push(one);
    if (row.compacted && ++unpacked % HOURS_PER_TURN === 0) await turn();
  }
  return inOrder(records);
}

interface ListenersRow extends ListenersRecord {
  readonly compacted: boolean;
}

/** What was sampled of listening sockets in a span, by namespace and time; snapshots without are left out. */
export async function readListenerSpan(db: Db, whose: Whose, span: Span): Promise<ListenersRecord[]> {
  const rows = await db.$queryRaw<ListenersRow[]>`
    (SELECT false AS compacted, s.namespace_id, date_part('epoch', s.at) * 1000 AS at, s.listeners
     FROM ts.snapshot s WHERE ${of(whose)} AND ${within(span)} AND s.listeners IS NOT NULL
     ORDER BY s.namespace_id, s.at)
    UNION ALL
    SELECT false, s.namespace_id, date_part('epoch', s.at) * 1000, s.listeners
    FROM ts.snapshot_late s WHERE ${of(whose)} AND ${within(span)} AND s.listeners IS NOT NULL
    UNION ALL
    SELECT true, h.namespace_id, date_part('epoch', h.hour) * 1000, h.data
    FROM ts.snapshot_hour h WHERE ${of(whose)} AND ${hoursWithin(span)} AND h.last_listeners_at IS NOT NULL`;
  const records = rows.flatMap((row) =>
    row.compacted
      ? decodeHourListeners(row.listeners)
          .filter(({ at }) => at >= span.from && at < span.to)
          .map((one) => ({ namespace_id: row.namespace_id, ...one }))
      : [row],
  );
  return inOrder(records);
}

/** By namespace and time. The rows of one source are in order, and mostly there is but one. */
function inOrder<T extends { readonly namespace_id: number; readonly at: number }>(records: T[]): T[] {
  const order = (a: T, b: T) => a.namespace_id - b.namespace_id || a.at - b.at;
  const sorted = records.every((one, index) => {
    const before = records[index - 1];
    return before === undefined || order(before, one) < 0;
  });
  return sorted ? records : records.sort(order);
}
