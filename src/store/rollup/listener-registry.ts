import type { WireListener } from "../../protocol/message.ts";
import { type ListenerMinute, listenerKey, type SocketName } from "../../rates/listeners.ts";
import type { Db } from "../client.ts";
import { closeListeners } from "./close-listeners.ts";
import type { NamespaceListeners } from "./listener-minutes.ts";

/** The largest number that the columns hold. What a sender claims beyond it is no queue of any kernel. */
export const COLUMN_MAX = 2 ** 31 - 1;

interface Seen extends ListenerMinute {
  readonly namespaceId: number;
}

interface ListenerRow {
  readonly id: number;
  readonly namespace_id: number;
  readonly inode: string;
  readonly address: string;
  readonly port: number;
}

/**
 * The ids of listeners in the table "listener", by namespace and socket: found, or made at first sight. What the
 * table says of a listener is as it was listed last in a minute that had something to tell of it, or the first
 * complete list in an hour, and when it was closed, whatever the order in which minutes are rolled up.
 *
 * Looked up before inserting: an insert that meets a conflict burns an identity. The caller holds the lock of
 * the shard of these namespaces, so nobody else registers them meanwhile.
 */
export async function registerListeners(
  db: Db,
  all: readonly NamespaceListeners[],
): Promise<ReadonlyMap<string, number>> {
  const newest = newestOfEach(all);
  const ids = new Map<string, number>();
  const rows = newest.size === 0 ? [] : await find(db, [...newest.values()]);
  for (const row of rows) ids.set(registryKey(row.namespace_id, row), row.id);
  const known = [...newest].filter(([key]) => ids.has(key));
  const unknown = [...newest].filter(([key]) => !ids.has(key)).map(([, seen]) => seen);
  if (unknown.length > 0) {
    for (const row of await insert(db, unknown)) ids.set(registryKey(row.namespace_id, row), row.id);
  }
  if (known.length > 0) {
    await update(
      db,
      known.map(([key, seen]) => ({ id: ids.get(key) ?? 0, seen })),
    );
  }
  await closeListeners(db, all);
  return ids;
}

export function registryKey(namespaceId: number, socket: SocketName): string {
  return `${namespaceId} ${listenerKey(socket)}`;
}

/** Each listener once, as it was listed last; `firstAt` is of all its minutes. */
function newestOfEach(all: readonly NamespaceListeners[]): Map<string, Seen> {
  const newest = new Map<string, Seen>();
  for (const { namespaceId, told, idle } of all) {
    for (const listener of [...told, ...idle]) {
      const key = registryKey(namespaceId, listener.socket);
      const other = newest.get(key);
      const firstAt = Math.min(listener.firstAt, other?.firstAt ?? listener.firstAt);
      const later = other !== undefined && other.lastAt > listener.lastAt ? other : listener;
      newest.set(key, { ...later, namespaceId, firstAt });
    }
  }
  return newest;
}

function find(db: Db, seen: readonly Seen[]): Promise<ListenerRow[]> {
  return db.$queryRaw<ListenerRow[]>`
    SELECT l.id, l.namespace_id, l.inode, l.address, l.port
    FROM unnest(${seen.map((one) => one.namespaceId)}::int[], ${seen.map((one) => one.socket.inode)}::text[],
                ${seen.map((one) => one.socket.address)}::text[], ${seen.map((one) => one.socket.port)}::int[])
      AS k(namespace_id, inode, address, port)
    JOIN listener l USING (namespace_id, inode, address, port)`;
}

function insert(db: Db, seen: readonly Seen[]): Promise<ListenerRow[]> {
  return db.$queryRaw<ListenerRow[]>`
    INSERT INTO listener (namespace_id, inode, address, port, owner, uid, cgroup, "limit", limit_inferred,
                          accept_queue, first_seen, last_seen)
    SELECT namespace_id, inode, address, port, nullif(owner, ''), nullif(uid, -1), nullif(cgroup, ''),
           nullif("limit", -1), inferred, queue, to_timestamp(first_at / 1000), to_timestamp(last_at / 1000)
    FROM unnest(
      ${seen.map((one) => one.namespaceId)}::int[], ${seen.map((one) => one.socket.inode)}::text[],
      ${seen.map((one) => one.socket.address)}::text[], ${seen.map((one) => one.socket.port)}::int[],
      ${seen.map((one) => one.socket.owner ?? "")}::text[], ${seen.map((one) => uidOf(one.socket))}::int[],
      ${seen.map((one) => one.socket.cgroup ?? "")}::text[], ${seen.map((one) => limitOf(one.socket))}::int[],
      ${seen.map((one) => one.socket.limitInferred ?? false)}::boolean[],
      ${seen.map((one) => queueOf(one.socket))}::int[],
      ${seen.map((one) => one.firstAt)}::float8[], ${seen.map((one) => one.lastAt)}::float8[]
    ) AS row(namespace_id, inode, address, port, owner, uid, cgroup, "limit", inferred, queue, first_at, last_at)
    RETURNING id, namespace_id, inode, address, port`;
}

/** A minute that is rolled up late changes what the table says only where it is the newest. */
async function update(db: Db, known: readonly { id: number; seen: Seen }[]): Promise<void> {
  const sockets = known.map(({ seen }) => seen.socket);
  await db.$executeRaw`
    UPDATE listener l SET
      first_seen = least(l.first_seen, row.first_seen),
      last_seen = greatest(l.last_seen, row.last_seen),
      closed_at = CASE WHEN row.last_seen < l.closed_at THEN l.closed_at END,
      owner = CASE WHEN row.last_seen >= l.last_seen THEN nullif(row.owner, '') ELSE l.owner END,
      uid = CASE WHEN row.last_seen >= l.last_seen THEN nullif(row.uid, -1) ELSE l.uid END,
      cgroup = CASE WHEN row.last_seen >= l.last_seen THEN nullif(row.cgroup, '') ELSE l.cgroup END,
      "limit" = CASE WHEN row.last_seen >= l.last_seen THEN nullif(row."limit", -1) ELSE l."limit" END,
      limit_inferred = CASE WHEN row.last_seen >= l.last_seen THEN row.inferred ELSE l.limit_inferred END,
      accept_queue = CASE WHEN row.last_seen >= l.last_seen THEN row.queue ELSE l.accept_queue END
    FROM (
      SELECT id, owner, uid, cgroup, "limit", inferred, queue, to_timestamp(first_at / 1000)::timestamptz(3) AS first_seen,
             to_timestamp(last_at / 1000)::timestamptz(3) AS last_seen
      FROM unnest(
        ${known.map(({ id }) => id)}::int[], ${sockets.map(({ owner }) => owner ?? "")}::text[],
        ${sockets.map(uidOf)}::int[], ${sockets.map(({ cgroup }) => cgroup ?? "")}::text[],
        ${sockets.map(limitOf)}::int[],
        ${sockets.map(({ limitInferred }) => limitInferred ?? false)}::boolean[],
        ${sockets.map(queueOf)}::int[],
        ${known.map(({ seen }) => seen.firstAt)}::float8[], ${known.map(({ seen }) => seen.lastAt)}::float8[]
      ) AS u(id, owner, uid, cgroup, "limit", inferred, queue, first_at, last_at)
    ) row
    WHERE l.id = row.id`;
}

/** -1 where it is not known, or is one of those of the upper half, which no table of users has. */
function uidOf({ uid = -1 }: WireListener): number {
  return uid > COLUMN_MAX ? -1 : uid;
}

function limitOf({ limit }: WireListener): number {
  return limit === null ? -1 : Math.min(limit, COLUMN_MAX);
}

function queueOf({ acceptQueue }: WireListener): number {
  return Math.min(acceptQueue, COLUMN_MAX);
}
