import { type Attribution, attributeDrops } from "../../rates/attribution.ts";
import type { Db } from "../client.ts";
import { type ListenerStats, readListenerStats } from "./listener-stats.ts";
import { forEachRow, NamespaceSums } from "./namespace-sums.ts";
import type { Range } from "./range.ts";
import { planSegments } from "./resolution.ts";
import { readOpenMinutes } from "./rollup-rows.ts";

export type { Attribution } from "../../rates/attribution.ts";

export interface AttributionQuery {
  /** Whole minutes. */
  readonly range: Range;
  /** Namespaces whose listeners are asked for; null for all. */
  readonly namespaceIds: readonly number[] | null;
  /** Ids of TcpExtListenDrops, EmbryonicRsts and TCPDeferAcceptDrop; null for one that no host has sent. */
  readonly listenDrops: number | null;
  readonly embryonicRsts: number | null;
  readonly deferAcceptDrop: number | null;
  /** ms since 1970 */
  readonly now: number;
}

export interface AttributedListener {
  readonly listener: ListenerStats;
  /** ListenDrops of its namespace in the range. */
  readonly listenDrops: number;
  readonly attribution: Attribution;
}

/**
 * What of the ListenDrops of namespaces in a range is put down to each of their listeners. Minutes that are not
 * over are left out: their drops are known at once, and what the listeners did is not.
 */
export async function readAttributions(db: Db, query: AttributionQuery): Promise<AttributedListener[]> {
  const { range, namespaceIds, listenDrops, now } = query;
  if (listenDrops === null) return [];
  const segments = await planSegments(db, { range, hours: true, now });
  const open = await readOpenMinutes(db, segments);
  const drops = new NamespaceSums();
  const inflators = new NamespaceSums();
  const counterIds = [listenDrops, query.embryonicRsts, query.deferAcceptDrop].filter((id) => id !== null);
  const asked = namespaceIds === null ? null : new Set(namespaceIds);
  const shards = asked === null ? null : [...new Set(Array.from(asked, (id) => id >> 8))];
  const dropped = new Set<number>();
  await forEachRow(db, { counterIds: [listenDrops], segments, shards }, (row) => {
    if (!open.has(`${row.shard} ${row.bucket}`)) drops.add(row);
  });
  for (const { namespaceId } of drops.entries()) {
    if (asked === null || asked.has(namespaceId)) dropped.add(namespaceId);
  }
  if (dropped.size === 0) return [];
  // Of the others only what lies beside a drop is wanted; some servers' inflators move all day.
  const near = [...new Set(Array.from(dropped, (id) => id >> 8))];
  await forEachRow(db, { counterIds: counterIds.slice(1), segments, shards: near }, (row) => {
    if (!open.has(`${row.shard} ${row.bucket}`)) inflators.add(row);
  });

  const byNamespace = new Map<number, ListenerStats[]>();
  for (const listener of await readListenerStats(db, { range, namespaceIds: [...dropped] })) {
    const own = byNamespace.get(listener.namespaceId);
    if (own === undefined) byNamespace.set(listener.namespaceId, [listener]);
    else own.push(listener);
  }
  const found: AttributedListener[] = [];
  for (const [namespaceId, listeners] of byNamespace) {
    const evidence = {
      listenDrops: Number(drops.valueOf(namespaceId)),
      inflators: Number(inflators.valueOf(namespaceId)),
    };
    attributeDrops(evidence, listeners).forEach((attribution, index) => {
      const listener = listeners[index];
      if (attribution === null || listener === undefined) return;
      found.push({ listener, listenDrops: evidence.listenDrops, attribution });
    });
  }
  return found;
}
