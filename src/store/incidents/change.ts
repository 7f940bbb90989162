/** Changes of an incident whose row is locked, once somebody has found that it is in the state for them. */
import type { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";

/** Changes columns of an incident, so that whoever asks for what was updated is told. @param now ms since 1970 */
export async function changeIncident(
  tx: Db,
  id: number,
  data: Prisma.IncidentUncheckedUpdateInput,
  now: number,
): Promise<void> {
  await tx.incident.update({
    where: { id },
    data: { ...data, updatedAt: new Date(now), revision: { increment: 1 } },
  });
}

export function markAcknowledged(tx: Db, id: number, by: string, now: number): Promise<void> {
  const acknowledged = { acknowledgedAt: new Date(now), acknowledgedBy: by };
  return changeIncident(tx, id, { status: "ACKNOWLEDGED", ...acknowledged }, now);
}

export function markRated(tx: Db, id: number, useful: boolean, now: number): Promise<void> {
  return changeIncident(tx, id, { useful }, now);
}

/** A note changes nothing of the incident itself. */
export function markAnnotated(tx: Db, id: number, now: number): Promise<void> {
  return changeIncident(tx, id, {}, now);
}
