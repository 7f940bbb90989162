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

/**
 * Puts all incidents that go on into the outbox again, for a receiver that could be told of none, or when a silence
 * ends that held some back. Give it the transaction in which that becomes otherwise: who sorts the outbox meanwhile
 * knows of it.
 *
 * @param now ms since 1970
 */
export async function putBackOpen(tx: Db, now: number): Promise<void> {
  await lockOutbox(tx);
  await tx.$executeRaw`
    INSERT INTO notification_outbox (entry_id, at)
    SELECT max(e.id), ${new Date(now)}::timestamptz
    FROM incident i JOIN timeline_entry e ON e.incident_id = i.id WHERE i.resolved_at IS NULL GROUP BY i.id
    ON CONFLICT (entry_id) DO NOTHING`;
}
