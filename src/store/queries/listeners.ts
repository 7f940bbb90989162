import type { WireListener } from "../../protocol/message.ts";
import type { Db } from "../client.ts";
import { decodeListeners } from "../codec/listeners.ts";
import type { Range } from "./range.ts";

/** A listening socket as it was seen last. */
export interface ListenerRecord extends WireListener {
  readonly namespaceId: number;
  /** ms since 1970 */
  readonly at: number;
  /** Samples of its newest snapshot; `samplesFull` is of these. */
  readonly samples: number;
}

/** One that was not seen for so long is not a listener of now. */
const RECENT_MS = 24 * 3_600_000;

interface Row {
  readonly namespace_id: number;
  readonly at: number;
  readonly listeners: Uint8Array;
}

/** The listeners of namespaces, each namespace's as its newest snapshot that has any says. */
export async function readListeners(
  db: Db,
  namespaceIds: readonly number[],
  now: number,
): Promise<ListenerRecord[]> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT newest.namespace_id, date_part('epoch', newest.at) * 1000 AS at, newest.listeners
    FROM unnest(${[...namespaceIds]}::int[]) AS wanted(id)
    CROSS JOIN LATERAL (
      SELECT namespace_id, at, listeners FROM ts.snapshot
      WHERE shard = wanted.id >> 8 AND namespace_id = wanted.id AND listeners IS NOT NULL
        AND at > to_timestamp(${(now - RECENT_MS) / 1000}::float8)
      ORDER BY at DESC LIMIT 1
    ) newest`;
  return rows.flatMap(({ namespace_id, at, listeners }) => {
    const { samples, sockets } = decodeListeners(listeners);
    return sockets.map((socket) => ({ ...socket, namespaceId: namespace_id, at: Math.round(at), samples }));
  });
}

/**
 * The fullest that each listener of a namespace was in a range, by inode: the most that waited, over what the
 * kernel holds (the limit and one more). A listener whose limit was not seen is not in it.
 */
export async function readPeakFill(db: Db, namespaceId: number, range: Range): Promise<Map<string, number>> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT namespace_id, date_part('epoch', at) * 1000 AS at, listeners FROM ts.snapshot
    WHERE shard = ${namespaceId >> 8} AND namespace_id = ${namespaceId} AND listeners IS NOT NULL
      AND at > to_timestamp(${range.from / 1000}::float8) AND at <= to_timestamp(${range.to / 1000}::float8)`;
  const fill = new Map<string, number>();
  for (const row of rows) {
    for (const { inode, peakQueue, limit } of decodeListeners(row.listeners).sockets) {
      if (limit !== null) fill.set(inode, Math.max(fill.get(inode) ?? 0, peakQueue / (limit + 1)));
    }
  }
  return fill;
}
