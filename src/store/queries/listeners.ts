import type { WireListener } from "../../protocol/message.ts";
import type { Db } from "../client.ts";
import { decodeListeners } from "../codec/listeners.ts";
import { readNewestListeners } from "../history/newest.ts";
import { readListenerSpan } from "../history/span.ts";
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

/** The listeners of namespaces, each namespace's as its newest snapshot that has any says. */
export async function readListeners(
  db: Db,
  namespaceIds: readonly number[],
  now: number,
): Promise<ListenerRecord[]> {
  const rows = await readNewestListeners(db, namespaceIds, now, RECENT_MS);
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
  const span = { from: range.from + 1, to: range.to + 1 };
  const rows = await readListenerSpan(db, { namespaceIds: [namespaceId] }, span);
  const fill = new Map<string, number>();
  for (const row of rows) {
    for (const { inode, peakQueue, limit } of decodeListeners(row.listeners).sockets) {
      if (limit !== null) fill.set(inode, Math.max(fill.get(inode) ?? 0, peakQueue / (limit + 1)));
    }
  }
  return fill;
}
