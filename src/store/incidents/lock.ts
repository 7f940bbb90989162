import type { Db } from "../client.ts";
import { type IncidentRecord, toIncident } from "./records.ts";

/** An incident whose row is the caller's alone until its transaction ends; null when there is none. */
export async function lockIncident(tx: Db, id: number): Promise<IncidentRecord | null> {
  await tx.$queryRaw`SELECT id FROM incident WHERE id = ${id}::int FOR UPDATE`;
  const row = await tx.incident.findUnique({ where: { id } });
  return row === null ? null : toIncident(row);
}

/**
 * The newest incident of a key, likewise, and with it the key: another transaction that asks for it waits, also
 * while there is no incident whose row could be locked.
 */
export async function lockNewestOf(tx: Db, dedupKey: string): Promise<IncidentRecord | null> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`incident ${dedupKey}`}, 0))`;
  const newest = await tx.incident.findFirst({
    where: { dedupKey },
    orderBy: { id: "desc" },
    select: { id: true },
  });
  return newest === null ? null : lockIncident(tx, newest.id);
}
