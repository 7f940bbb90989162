import type { Db } from "../client.ts";

/** A listening socket of some machine, as that machine's kernel names it. */
export interface SocketOfBoot {
  readonly bootId: string;
  readonly inode: string;
  readonly port: number;
}

/** The namespace in which an agent saw a socket of a boot; null when none did. */
export async function namespaceOfSocket(
  db: Db,
  { bootId, inode, port }: SocketOfBoot,
): Promise<{ readonly namespaceId: number; readonly hostId: number } | null> {
  const [row] = await db.$queryRaw<{ namespaceId: number; hostId: number }[]>`
    SELECT l.namespace_id AS "namespaceId", n.host_id AS "hostId"
    FROM listener l
    JOIN namespace n ON n.id = l.namespace_id
    WHERE l.port = ${port} AND l.inode = ${inode}
      AND EXISTS (SELECT FROM epoch e WHERE e.host_id = n.host_id AND e.boot_id = ${bootId}::uuid)
    ORDER BY l.last_seen DESC
    LIMIT 1`;
  return row ?? null;
}
