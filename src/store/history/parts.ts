import type { Db } from "../client.ts";
import type { Span, Whose } from "./record.ts";
import { hoursWithin, of, within } from "./sources.ts";

/** How many snapshots there are of a namespace. */
export interface NamespaceCount {
  readonly namespaceId: number;
  readonly snapshots: number;
}

/**
 * How many snapshots have to be held to read a span, by namespace and in the order of their ids: a compacted hour is
 * unpacked whole.
 */
export function countSpan(db: Db, whose: Whose, span: Span): Promise<NamespaceCount[]> {
  return db.$queryRaw`
    SELECT namespace_id AS "namespaceId", sum(snapshots)::int AS snapshots
    FROM (SELECT s.namespace_id, count(*) AS snapshots FROM ts.snapshot s
          WHERE ${of(whose)} AND ${within(span)} GROUP BY s.namespace_id
          UNION ALL
          SELECT s.namespace_id, count(*) FROM ts.snapshot_late s
          WHERE ${of(whose)} AND ${within(span)} GROUP BY s.namespace_id
          UNION ALL
          SELECT h.namespace_id, h.snapshots FROM ts.snapshot_hour h WHERE ${of(whose)} AND ${hoursWithin(span)}) s
    GROUP BY namespace_id ORDER BY namespace_id`;
}

/** Namespaces in groups that have no more snapshots than are read at once, or one namespace each. */
export function inParts(counts: readonly NamespaceCount[], most: number): number[][] {
  const parts: number[][] = [];
  let room = 0;
  for (const { namespaceId, snapshots } of counts) {
    const last = parts.at(-1);
    if (last === undefined || snapshots > room) {
      parts.push([namespaceId]);
      room = most - snapshots;
    } else {
      last.push(namespaceId);
      room -= snapshots;
    }
  }
  return parts;
}
