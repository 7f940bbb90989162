/** What belongs to incidents, for several of them in one statement each; by the incident's id. */
import {
  type Delivery as DeliveryRow,
  type TimelineEntry as EntryRow,
  Prisma,
} from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { instant } from "../history/sources.ts";
import { type DeliveryRecord, toDelivery } from "./deliveries.ts";
import type { IncidentMember } from "./members.ts";
import { type TimelineRecord, toEntry } from "./timeline.ts";

/** The hosts that each is or was about, by name. */
export async function membersOf(
  db: Db,
  incidentIds: readonly number[],
): Promise<Map<number, IncidentMember[]>> {
  const rows = await db.incidentHost.findMany({
    where: { incidentId: { in: [...incidentIds] } },
    orderBy: [{ hostName: "asc" }, { hostId: "asc" }],
    select: { incidentId: true, hostId: true, hostName: true },
  });
  return grouped(rows, (row) => row.incidentId);
}

export interface TimelineAsked {
  /** The last entry seen; null for the first page. */
  readonly after: { readonly at: number; readonly id: number } | null;
  readonly newestFirst: boolean;
  readonly limit: number;
}

/** A page of each one's timeline. */
export async function timelinesOf(
  db: Db,
  incidentIds: readonly number[],
  { after, newestFirst, limit }: TimelineAsked,
): Promise<Map<number, TimelineRecord[]>> {
  const place = Prisma.sql`(${instant(after?.at ?? 0)}, ${after?.id ?? 0}::bigint)`;
  const beyond = newestFirst ? Prisma.sql`(at, id) < ${place}` : Prisma.sql`(at, id) > ${place}`;
  const direction = newestFirst ? Prisma.sql`DESC` : Prisma.sql`ASC`;
  const rows = await db.$queryRaw<EntryRow[]>`
    SELECT e.id, e.incident_id AS "incidentId", e.at, e.actor, e.kind, e.text, e.key
    FROM unnest(${[...incidentIds]}::int[]) AS one(id)
    CROSS JOIN LATERAL (
      SELECT * FROM timeline_entry
      WHERE incident_id = one.id
        AND (${after === null}::boolean OR ${beyond})
      ORDER BY at ${direction}, id ${direction} LIMIT ${limit}::int
    ) e ORDER BY e.at ${direction}, e.id ${direction}`;
  return grouped(rows.map(toEntry), (entry) => entry.incidentId);
}

/** A page of the deliveries that tell of each, newest first. @param after the id of the last one seen */
export async function deliveriesOf(
  db: Db,
  incidentIds: readonly number[],
  { after, limit }: { readonly after: number | null; readonly limit: number },
): Promise<Map<number, DeliveryRecord[]>> {
  const rows = await db.$queryRaw<(DeliveryRow & { incidentId: number })[]>`
    SELECT one.id AS "incidentId", d.id, d.receiver, d.kind, d.idempotency_key AS "idempotencyKey", d.status,
           d.attempts, d.created_at AS "createdAt", d.last_try_at AS "lastTryAt", d.next_try_at AS "nextTryAt",
           d.last_status AS "lastStatus", d.last_answer AS "lastAnswer"
    FROM unnest(${[...incidentIds]}::int[]) AS one(id)
    CROSS JOIN LATERAL (
      SELECT delivery_id FROM delivery_incident
      WHERE incident_id = one.id AND (${after === null}::boolean OR delivery_id < ${after ?? 0}::bigint)
      ORDER BY delivery_id DESC LIMIT ${limit}::int
    ) told
    JOIN delivery d ON d.id = told.delivery_id ORDER BY d.id DESC`;
  const found = grouped(rows, (row) => row.incidentId);
  return new Map([...found].map(([id, own]) => [id, own.map(toDelivery)]));
}

/** The worst incident that is not resolved of each host that is affected now, by the host's id. */
export async function worstIncidentOf(db: Db, hostIds: readonly number[]): Promise<Map<number, number>> {
  const rows = await db.$queryRaw<{ hostId: number; incidentId: number }[]>`
    SELECT DISTINCT ON (m.host_id) m.host_id AS "hostId", i.id AS "incidentId"
    FROM incident_host m JOIN incident i ON i.id = m.incident_id
    WHERE m.host_id = ANY(${[...hostIds]}::int[]) AND m.left_at IS NULL AND i.resolved_at IS NULL
    ORDER BY m.host_id, i.severity DESC, i.started_at, i.id`;
  return new Map(rows.map(({ hostId, incidentId }) => [hostId, incidentId]));
}

function grouped<T>(rows: readonly T[], idOf: (row: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const group = groups.get(idOf(row)) ?? [];
    group.push(row);
    groups.set(idOf(row), group);
  }
  return groups;
}
