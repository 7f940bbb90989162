import type { Db } from "../client.ts";

/** Held until the transaction ends by whoever sorts what is to be told into groups; others wait. */
export async function lockOutbox(tx: Db): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('notification outbox', 0))`;
}

/**
 * Takes the oldest entries out. Give it the transaction that keeps what follows from them: an entry that is committed
 * meanwhile stays for the next time.
 *
 * @returns how many, and the incidents that they are about, each once
 */
export async function takeOutbox(
  tx: Db,
  limit: number,
): Promise<{ readonly entries: number; readonly incidentIds: readonly number[] }> {
  const rows = await tx.$queryRaw<{ incidentId: number }[]>`
    WITH taken AS (
      DELETE FROM notification_outbox
      WHERE id IN (SELECT id FROM notification_outbox ORDER BY id LIMIT ${limit}::int)
      RETURNING entry_id
    )
    SELECT e.incident_id AS "incidentId" FROM taken JOIN timeline_entry e ON e.id = taken.entry_id`;
  return { entries: rows.length, incidentIds: [...new Set(rows.map(({ incidentId }) => incidentId))] };
}

/** Ids of all incidents that go on. */
export async function openIncidentIds(db: Db): Promise<number[]> {
  const rows = await db.incident.findMany({ where: { resolvedAt: null }, select: { id: true } });
  return rows.map(({ id }) => id);
}
