import { LIMITS } from "../../protocol/limits.ts";
import type { WireListener } from "../../protocol/message.ts";
import type { Db } from "../client.ts";
import { decodeListeners, listenerKey, PARTIAL } from "../codec/listeners.ts";
import type { Range } from "./range.ts";

/** A listening socket as it was seen last. */
export interface ListenerRecord extends WireListener {
  readonly namespaceId: number;
  /** ms since 1970 */
  readonly at: number;
  /** Samples of the snapshot that told of it last; `samplesFull` is of these. */
  readonly samples: number;
}

/** One that was not seen for so long is not a listener of now. */
const RECENT_MS = 24 * 3_600_000;
/** An agent sends a complete list each minute: where there is none, what was told for so long is all there is. */
const PARTIAL_MS = 2 * 60_000;
/** Lists of one namespace that are read, the newest: those of two minutes at the shortest interval. */
const LISTS_MAX = PARTIAL_MS / LIMITS.everyMs.min;

interface Row {
  readonly namespace_id: number;
  readonly at: number;
  readonly listeners: Uint8Array;
}

/**
 * The listeners of namespaces: those of each namespace's newest complete list, as the partial lists after it
 * have changed them. One that no list names any more may be open until the next complete list; one that a
 * partial list leaves out is as it was.
 */
export async function readListeners(
  db: Db,
  namespaceIds: readonly number[],
  now: number,
): Promise<ListenerRecord[]> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT told.namespace_id, date_part('epoch', told.at) * 1000 AS at, told.listeners
    FROM unnest(${[...namespaceIds]}::int[]) AS wanted(id)
    LEFT JOIN LATERAL (
      SELECT at FROM ts.snapshot
      WHERE shard = wanted.id >> 8 AND namespace_id = wanted.id AND listeners IS NOT NULL
        AND substring(listeners FOR ${PARTIAL.length}::int) <> ${PARTIAL}
        AND at > to_timestamp(${(now - RECENT_MS) / 1000}::float8)
      ORDER BY at DESC LIMIT 1
    ) complete ON true
    CROSS JOIN LATERAL (
      SELECT namespace_id, at, listeners FROM ts.snapshot
      WHERE shard = wanted.id >> 8 AND namespace_id = wanted.id AND listeners IS NOT NULL
        AND at >= coalesce(complete.at, to_timestamp(${(now - PARTIAL_MS) / 1000}::float8))
      ORDER BY at DESC LIMIT ${LISTS_MAX}
    ) told
    ORDER BY told.namespace_id, told.at`;
  const found = new Map<string, ListenerRecord>();
  for (const { namespace_id: namespaceId, at, listeners } of rows) {
    const { samples, sockets } = decodeListeners(listeners);
    for (const [place, socket] of sockets.entries()) {
      // Sockets of the kernel's own have no inode: those of one list are several all the same.
      const key = socket.inode === "0" ? `${listenerKey(socket)} ${place}` : listenerKey(socket);
      found.set(`${namespaceId} ${key}`, { ...socket, namespaceId, at: Math.round(at), samples });
    }
  }
  return [...found.values()];
}

/**
 * The fullest that each listener of a namespace was in a range, by inode: the most that waited, over what the
 * kernel holds (the limit and one more). A listener whose limit was not seen is not in it.
 *
 * One that no list of the range names was told of before, in the newest complete list or a partial one after
 * it, and had no queue since.
 */
export async function readPeakFill(db: Db, namespaceId: number, range: Range): Promise<Map<string, number>> {
  const from = range.from / 1000;
  const rows = await db.$queryRaw<Row[]>`
    SELECT namespace_id, date_part('epoch', at) * 1000 AS at, listeners FROM ts.snapshot
    WHERE shard = ${namespaceId >> 8} AND namespace_id = ${namespaceId} AND listeners IS NOT NULL
      AND at >= coalesce(
        (SELECT max(at) FROM ts.snapshot
         WHERE shard = ${namespaceId >> 8} AND namespace_id = ${namespaceId} AND listeners IS NOT NULL
           AND substring(listeners FOR ${PARTIAL.length}::int) <> ${PARTIAL}
           AND at <= to_timestamp(${from}::float8)
           AND at > to_timestamp(${from - PARTIAL_MS / 1000}::float8)),
        to_timestamp(${from}::float8))
      AND at <= to_timestamp(${range.to / 1000}::float8)`;
  const fill = new Map<string, number>();
  for (const row of rows) {
    const within = Math.round(row.at) > range.from;
    for (const { inode, peakQueue, limit } of decodeListeners(row.listeners).sockets) {
      if (limit === null) continue;
      fill.set(inode, Math.max(fill.get(inode) ?? 0, within ? peakQueue / (limit + 1) : 0));
    }
  }
  return fill;
}
