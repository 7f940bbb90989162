import type { WireListener } from "../../protocol/message.ts";
import { isComplete, listenerKey } from "../../rates/listeners.ts";
import type { Db } from "../client.ts";
import { listenersOf } from "../history/listener-lists.ts";
import { readNewestListeners } from "../history/newest.ts";
import type { ListenersRecord } from "../history/record.ts";
import { readListenerSpan } from "../history/span.ts";
import type { Range } from "./range.ts";

export { listenerKey };

/** A listening socket, and what was sampled of it. */
export interface ListenerRecord {
  readonly namespaceId: number;
  readonly inode: string;
  readonly address: string;
  readonly port: number;
  readonly owner: string | null;
  readonly uid: number | null;
  readonly cgroup: string | null;
  /** min(backlog, somaxconn): the kernel holds one more. Null when it was not seen. */
  readonly limit: number | null;
  readonly limitInferred: boolean;
  /** At the newest sample; null when none is known. */
  readonly acceptQueue: number | null;
  /** Of the samples that this tells of: those of its newest list, or of a range that was asked for. */
  readonly peakQueue: number;
  readonly samplesFull: number;
  readonly samples: number;
  /**
   * Of these, those around the full ones: of a range, the samples of its minutes in which one was full. What they say
   * of how it was full is not thinned out by the hours in which it was not.
   */
  readonly samplesAround: number;
  /** ListenDrops of its namespace grew meanwhile, and its sk_drops with it. */
  readonly dropped: boolean;
  /** When it was listed last, ms since 1970. */
  readonly at: number;
}

/** How full it is, as a share of what the kernel holds, which is the limit and one more; null where that was not seen. */
export function fillOf({ acceptQueue, limit }: Pick<ListenerRecord, "acceptQueue" | "limit">): number | null {
  return limit === null ? null : (acceptQueue ?? 0) / (limit + 1);
}

/** One that was not seen for so long is not a listener of now. */
const RECENT_MS = 24 * 3_600_000;
/** Within so long before a list there is a complete one. */
const COMPLETE_WITHIN_MS = 3 * 60_000;

/**
 * The listeners of namespaces that were open when each was read last: those of its newest complete list, and what
 * later lists said of them or added.
 */
export async function readOpenListeners(
  db: Db,
  namespaceIds: readonly number[],
  now: number,
): Promise<ListenerRecord[]> {
  const newest = await readNewestListeners(db, namespaceIds, now, RECENT_MS);
  const open: ListenerRecord[] = [];
  const partial = new Map<number, number>();
  for (const record of newest) {
    const { namespace_id, at } = record;
    const list = listenersOf(record);
    if (!isComplete(list)) partial.set(namespace_id, at);
    else for (const socket of list.sockets) open.push(recordOf(namespace_id, at, list.samples, socket));
  }
  if (partial.size === 0) return open;

  const byNamespace = new Map<number, Map<string, ListenerRecord>>();
  for (const record of await readBackToComplete(db, partial)) {
    const { namespace_id, at } = record;
    const list = listenersOf(record);
    let own = byNamespace.get(namespace_id);
    if (own === undefined || isComplete(list)) {
      own = new Map();
      byNamespace.set(namespace_id, own);
    }
    for (const [place, socket] of list.sockets.entries()) {
      // Sockets of the kernel's own have no inode: those of one list are several all the same.
      const key = socket.inode === "0" ? `${listenerKey(socket)} ${place}` : listenerKey(socket);
      own.set(key, recordOf(namespace_id, at, list.samples, socket));
    }
  }
  return [...open, ...Array.from(byNamespace.values(), (own) => [...own.values()]).flat()];
}

/**
 * The lists before each namespace's newest, by namespace and time. Namespaces whose newest are about as old are
 * read together: a host that fell silent hours ago must not have hours of everybody else's lists read.
 */
async function readBackToComplete(db: Db, newest: ReadonlyMap<number, number>): Promise<ListenersRecord[]> {
  const records: ListenersRecord[] = [];
  let together: { readonly from: number; to: number; readonly namespaceIds: number[] } | null = null;
  const read = async () => {
    if (together === null) return;
    const { namespaceIds, ...span } = together;
    records.push(...(await readListenerSpan(db, { namespaceIds }, span)));
  };
  for (const [namespaceId, at] of [...newest].sort(([, a], [, b]) => a - b)) {
    if (together !== null && at < together.from + 2 * COMPLETE_WITHIN_MS) {
      together.namespaceIds.push(namespaceId);
      together.to = at + 1;
      continue;
    }
    await read();
    together = { from: at - COMPLETE_WITHIN_MS, to: at + 1, namespaceIds: [namespaceId] };
  }
  await read();
  return records;
}

/** Lists of so long ago are in the rollups: of minutes that are over, and that a worker has had the time for. */
const ROLLED_UP_AFTER_MS = 3 * 60_000;

/**
 * The fullest that listeners were in a range, by namespace and `listenerKey`: the most that waited, as a share of
 * what the kernel holds (the limit and one more). From the lists themselves, as far as they may not be in the
 * rollups yet; one whose limit was not seen is not in it.
 */
export async function readRecentFill(
  db: Db,
  namespaceIds: readonly number[],
  range: Range,
  now: number,
): Promise<Map<number, Map<string, number>>> {
  const fill = new Map<number, Map<string, number>>();
  const span = { from: Math.max(range.from, now - ROLLED_UP_AFTER_MS), to: range.to };
  if (span.from >= span.to) return fill;
  for (const record of await readListenerSpan(db, { namespaceIds }, span)) {
    const own = fill.get(record.namespace_id) ?? new Map<string, number>();
    fill.set(record.namespace_id, own);
    for (const socket of listenersOf(record).sockets) {
      if (socket.limit === null) continue;
      const key = listenerKey(socket);
      own.set(key, Math.max(own.get(key) ?? 0, socket.peakQueue / (socket.limit + 1)));
    }
  }
  return fill;
}

function recordOf(namespaceId: number, at: number, samples: number, socket: WireListener): ListenerRecord {
  const { inode, address, port, limit, acceptQueue, peakQueue, samplesFull } = socket;
  return {
    namespaceId,
    inode,
    address,
    port,
    owner: socket.owner ?? null,
    uid: socket.uid ?? null,
    cgroup: socket.cgroup ?? null,
    limit,
    limitInferred: socket.limitInferred ?? false,
    acceptQueue,
    peakQueue,
    samplesFull,
    samples,
    samplesAround: samples,
    dropped: false,
    at: Math.round(at),
  };
}
