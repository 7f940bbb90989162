/** What people do to an incident, once a verb of src/incidents has checked that they may. Its row is locked. */
import type { Db } from "../client.ts";

/** Times in ms since 1970. */
export async function markAcknowledged(tx: Db, id: number, by: string, now: number): Promise<void> {
  const at = new Date(now);
  await tx.incident.update({
    where: { id },
    data: { status: "ACKNOWLEDGED", acknowledgedAt: at, acknowledgedBy: by, updatedAt: at },
  });
}

export async function markRated(tx: Db, id: number, useful: boolean, now: number): Promise<void> {
  await tx.incident.update({ where: { id }, data: { useful, updatedAt: new Date(now) } });
}

/** A note changes nothing of the incident itself, but whoever asks for what was updated is told. */
export async function markUpdated(tx: Db, id: number, now: number): Promise<void> {
  await tx.incident.update({ where: { id }, data: { updatedAt: new Date(now) } });
}
