import { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import type { NamespaceListeners } from "./listener-minutes.ts";

/**
 * Writes when listeners were closed: when the first complete list was taken, since each was listed last, that does
 * not have it. Call it when the same minutes have been registered: a listener that was listed behind such a list is
 * open, and `last_seen` says so by then.
 *
 * Minutes that are rolled up late, and anew, end in the same: a list that leaves a listener out does so for ever, so
 * the earliest behind `last_seen` holds, whichever is met first.
 */
export async function closeListeners(db: Db, all: readonly NamespaceListeners[]): Promise<void> {
  const closed = all.flatMap(({ namespaceId, closed: some }) =>
    some.map(({ socket, at }) => ({ namespaceId, socket, at })),
  );
  if (closed.length > 0) {
    await close(
      db,
      Prisma.sql`
        SELECT l.id, min(k.at) AS at
        FROM unnest(${closed.map((one) => one.namespaceId)}::int[], ${closed.map((one) => one.socket.inode)}::text[],
                    ${closed.map((one) => one.socket.address)}::text[], ${closed.map((one) => one.socket.port)}::int[],
                    ${closed.map((one) => new Date(one.at).toISOString())}::text[]::timestamptz[])
          AS k(namespace_id, inode, address, port, at)
        JOIN listener l USING (namespace_id, inode, address, port)
        WHERE k.at > l.last_seen GROUP BY l.id`,
    );
  }
  const lists = all.flatMap(({ namespaceId, firstLists }) =>
    firstLists.map((list) => ({ namespaceId, ...list })),
  );
  if (lists.length === 0) return;
  // A list is named by its place among these.
  const listed = lists.flatMap(({ sockets }, place) => sockets.map((socket) => ({ place, socket })));
  await close(
    db,
    Prisma.sql`
      WITH listed AS MATERIALIZED (
        SELECT * FROM unnest(${listed.map(({ place }) => place)}::int[], ${listed.map(({ socket }) => socket.inode)}::text[],
                             ${listed.map(({ socket }) => socket.address)}::text[],
                             ${listed.map(({ socket }) => socket.port)}::int[]) AS s(place, inode, address, port)
      )
      SELECT l.id, min(f.at) AS at
      FROM unnest(${lists.map((_, place) => place)}::int[], ${lists.map((one) => one.namespaceId)}::int[],
                  ${lists.map((one) => new Date(one.at).toISOString())}::text[]::timestamptz[])
        AS f(place, namespace_id, at)
      JOIN listener l ON l.namespace_id = f.namespace_id AND l.last_seen < f.at
      LEFT JOIN listed s
        ON s.place = f.place AND s.inode = l.inode AND s.address = l.address AND s.port = l.port
      WHERE s.place IS NULL GROUP BY l.id`,
  );
}

/** @param ends selects the ids of listeners, each with a time that is behind its `last_seen` */
async function close(db: Db, ends: Prisma.Sql): Promise<void> {
  await db.$executeRaw`
    UPDATE listener l SET closed_at = ended.at FROM (${ends}) ended
    WHERE l.id = ended.id AND (l.closed_at IS NULL OR l.closed_at > ended.at)`;
}
