import type { Db } from "../client.ts";
import { decodeHourListeners } from "../codec/hour.ts";
import { PACKED, unpackRecords } from "./packed-records.ts";
import type { ListenersRecord, SnapshotRecord, Span, Whose } from "./record.ts";
import { hoursWithin, of, snapshotsOf, within } from "./sources.ts";
import { Unpacking } from "./unpacking.ts";

/** The snapshots that are not compacted, as one value, or a compacted hour. */
type SpanRow =
  | { readonly packed: string | null; readonly namespace_id: null; readonly hour: null; readonly data: null }
  | {
      readonly packed: null;
      readonly namespace_id: number;
      readonly hour: number;
      readonly data: Uint8Array;
    };

/** The snapshots of a span, by namespace and time. @throws UnreadableError */
export async function readSpan(db: Db, whose: Whose, span: Span): Promise<SnapshotRecord[]> {
  const rows = await db.$queryRaw<SpanRow[]>`
    SELECT ${PACKED} AS packed, NULL::int AS namespace_id, NULL::float8 AS hour, NULL::bytea AS data
    FROM (SELECT * FROM ts.snapshot s WHERE ${of(whose)} AND ${within(span)}
          UNION ALL
          SELECT * FROM ts.snapshot_late s WHERE ${of(whose)} AND ${within(span)}) s
    UNION ALL
    SELECT NULL, h.namespace_id, date_part('epoch', h.hour) * 1000, h.data
    FROM ts.snapshot_hour h WHERE ${of(whose)} AND ${hoursWithin(span)}`;
  const records: SnapshotRecord[] = [];
  const unpacking = new Unpacking();
  for (const { packed, namespace_id, hour, data } of rows) {
    if (data === null) {
      for (const one of unpackRecords(packed)) records.push(one);
      continue;
    }
    for (const one of (await unpacking.hour(namespace_id, hour, () => snapshotsOf(namespace_id, data))) ??
      []) {
      if (one.at >= span.from && one.at < span.to) records.push(one);
    }
  }
  unpacking.end();
  return inOrder(records);
}

interface ListenersRow extends ListenersRecord {
  readonly compacted: boolean;
}

/**
 * What was sampled of listening sockets in a span, by namespace and time; snapshots without are left out.
 *
 * @throws UnreadableError
 */
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
  const records: ListenersRecord[] = [];
  const unpacking = new Unpacking();
  for (const row of rows) {
    if (!row.compacted) {
      records.push(row);
      continue;
    }
    const { namespace_id, at: hour } = row;
    const lists = await unpacking.hour(namespace_id, hour, () => decodeHourListeners(row.listeners));
    for (const { at, listeners } of lists ?? []) {
      if (at >= span.from && at < span.to) records.push({ namespace_id, at, listeners });
    }
  }
  unpacking.end();
  return inOrder(records);
}

/** By namespace and time. The rows of one source are in order, and mostly there is but one. */
export function inOrder<T extends { readonly namespace_id: number; readonly at: number }>(records: T[]): T[] {
  const order = (a: T, b: T) => a.namespace_id - b.namespace_id || a.at - b.at;
  const sorted = records.every((one, index) => {
    const before = records[index - 1];
    return before === undefined || order(before, one) < 0;
  });
  return sorted ? records : records.sort(order);
}
