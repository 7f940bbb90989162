import { inTransaction, type PrismaClient } from "../client.ts";
import { withoutSnapshots } from "./expire-namespaces.ts";
import type { Retention } from "./policy.ts";

const HOSTS_PER_RUN = 1_000;
/**
 * From being forgotten to going for good at least: longer than a process goes without looking up a host that
 * pushes (ingest/registry.ts), so that none works on with ids that are no more.
 */
const FORGOTTEN_MS = 2 * 3_600_000;

/**
 * Deletes hosts that were forgotten and of which no snapshot is left, with their namespaces, epochs and labels.
 * While there are snapshots, a rollup may need them. What the host counted stays in the totals of the whole fleet.
 *
 * @param now ms since 1970
 * @returns how many were deleted
 */
export async function expireHosts(db: PrismaClient, retention: Retention, now: number): Promise<number> {
  const before = new Date(now - FORGOTTEN_MS);
  const namespaces = await db.$queryRaw<{ hostId: number; namespaceId: number | null }[]>`
    SELECT h.id AS "hostId", n.id AS "namespaceId"
    FROM (SELECT h.id FROM host h LEFT JOIN host_status s ON s.host_id = h.id
          WHERE h.forgotten_at < ${before}
            AND coalesce(s.last_seen, h.first_seen) < ${new Date(now - retention.rawMs)}
          ORDER BY h.id LIMIT ${HOSTS_PER_RUN}) h
    LEFT JOIN namespace n ON n.host_id = h.id`;
  const asked = namespaces.flatMap(({ namespaceId }) => (namespaceId === null ? [] : [namespaceId]));
  const empty = new Set(await withoutSnapshots(db, asked));
  const kept = new Set<number>();
  for (const { hostId, namespaceId } of namespaces) {
    if (namespaceId !== null && !empty.has(namespaceId)) kept.add(hostId);
  }
  const ids = [...new Set(namespaces.map(({ hostId }) => hostId))].filter((id) => !kept.has(id));
  if (ids.length === 0) return 0;
  return inTransaction(db, async (tx) => {
    // Whoever is heard of at this moment is no longer forgotten, and stays.
    const rows = await tx.$queryRaw<{ id: number }[]>`
      DELETE FROM host WHERE id = ANY(${ids}::int[]) AND forgotten_at < ${before} RETURNING id`;
    const gone = { hostId: { in: rows.map(({ id }) => id) } };
    await tx.hostStatus.deleteMany({ where: gone });
    await tx.hostLabelHistory.deleteMany({ where: gone });
    return rows.length;
  });
}
