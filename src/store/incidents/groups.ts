/** Groups of incidents that a receiver is told of together: the notification log. Times are ms since 1970. */

import { SpillwayError } from "../../errors.ts";
import type { NotificationGroup as GroupRow, Told } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import type { Labels } from "../labels/effective.ts";
import { type IncidentRecord, toIncident } from "./records.ts";

export type { Told };

export interface GroupRecord {
  readonly id: number;
  readonly receiver: string;
  readonly route: string;
  readonly labels: Labels;
  /** How a far end knows it now. */
  readonly key: string;
  /** Notifications so far. */
  readonly sequence: number;
  readonly sentAt: number | null;
  readonly newsSince: number | null;
  /** Whether it gathers pages beyond the limit of a role. */
  readonly digest: boolean;
}

/** What a receiver was told of an incident. */
export interface MemberRecord {
  readonly incident: IncidentRecord;
  readonly told: Told;
  readonly saying: string | null;
  readonly acknowledged: boolean;
}

export interface Joining {
  readonly incidentId: number;
  readonly receiver: string;
  readonly route: string;
  readonly labels: Labels;
  /** The same for those that belong together. */
  readonly identity: string;
  /** For the group, if it is new. */
  readonly key: string;
}

/**
 * Puts an incident into its group, which is made when it is not there. One that the receiver has in a group already
 * stays there.
 */
export async function joinGroup(tx: Db, joining: Joining, now: number): Promise<void> {
  const { incidentId, receiver, identity, route, labels, key } = joining;
  // Who is just leaving it out of its group is waited for: then it is in none.
  const isIn = await tx.$queryRaw<unknown[]>`
    SELECT FROM notification_group_incident
    WHERE incident_id = ${incidentId}::int AND receiver = ${receiver} FOR KEY SHARE`;
  if (isIn.length > 0) return;
  const { id: groupId } = await tx.notificationGroup.upsert({
    where: { receiver_identity: { receiver, identity } },
    create: { receiver, identity, route, labels: { ...labels }, key, dueAt: new Date(now) },
    update: {},
    select: { id: true },
  });
  await tx.notificationGroupIncident.create({ data: { incidentId, receiver, groupId } });
}

/** Has the groups that tell of an incident looked at now. */
export async function wakeGroupsOf(tx: Db, incidentIds: readonly number[], now: number): Promise<void> {
  await tx.$executeRaw`
    UPDATE notification_group SET due_at = LEAST(due_at, ${new Date(now)})
    WHERE id IN (SELECT group_id FROM notification_group_incident
                 WHERE incident_id = ANY(${[...incidentIds]}::int[]))`;
}

/**
 * Has a receiver that refused a group's last notification for good told of what goes on in it again, and of who is on
 * it. Give it a transaction that has locked nothing yet: it locks the groups, one after the other.
 */
export async function tellFailedAgain(tx: Db): Promise<void> {
  const failed = await tx.$queryRaw<{ id: bigint }[]>`
    SELECT g.id FROM notification_group g
    WHERE (SELECT d.status FROM delivery d WHERE d.group_id = g.id ORDER BY d.id DESC LIMIT 1) = 'FAILED'
    ORDER BY g.id FOR NO KEY UPDATE OF g`;
  if (failed.length === 0) return;
  // In a statement after the locks: it sees what those who held them before have planned.
  await tx.$executeRaw`
    UPDATE notification_group_incident m SET saying = NULL, acknowledged = false
    WHERE m.group_id = ANY(${failed.map(({ id }) => id)}::bigint[]) AND 'FAILED' =
      (SELECT d.status FROM delivery d WHERE d.group_id = m.group_id ORDER BY d.id DESC LIMIT 1)::text`;
}

/** Groups of these receivers that are to be looked at, the longest due first; none of which a delivery is under way. */
export async function dueGroups(
  db: Db,
  receivers: readonly string[],
  now: number,
  limit: number,
): Promise<number[]> {
  const rows = await db.$queryRaw<{ id: bigint }[]>`
    SELECT g.id FROM notification_group g
    WHERE g.due_at <= ${new Date(now)} AND g.receiver = ANY(${[...receivers]}::text[])
      AND NOT EXISTS (SELECT FROM delivery d WHERE d.group_id = g.id
                      AND (d.status = 'PENDING' OR d.claimed_until > ${new Date(now)}))
    ORDER BY g.due_at, g.id LIMIT ${limit}::int`;
  return rows.map(({ id }) => Number(id));
}

/**
 * A group whose row is the caller's alone until its transaction ends.
 *
 * @returns null when there is none, another has it, or a delivery of it is under way: what comes after that waits for it
 */
export async function lockGroup(
  tx: Db,
  id: number,
  now: number,
): Promise<{ readonly group: GroupRecord; readonly members: readonly MemberRecord[] } | null> {
  const [locked] = await tx.$queryRaw<{ id: bigint }[]>`
    SELECT id FROM notification_group WHERE id = ${id}::bigint FOR UPDATE SKIP LOCKED`;
  if (locked === undefined) return null;
  // In a statement after the lock: it sees what the one who held it before has planned.
  const underWay = await tx.delivery.count({
    where: { groupId: id, OR: [{ status: "PENDING" }, { claimedUntil: { gt: new Date(now) } }] },
  });
  if (underWay > 0) return null;
  const row = await tx.notificationGroup.findUniqueOrThrow({ where: { id } });
  const members = await tx.notificationGroupIncident.findMany({
    where: { groupId: id },
    include: { incident: true },
    orderBy: { incidentId: "asc" },
  });
  return {
    group: toGroup(row),
    members: members.map(({ incident, told, saying, acknowledged }) => ({
      incident: toIncident(incident),
      told,
      saying,
      acknowledged,
    })),
  };
}

export interface GroupChange {
  readonly tellings: ReadonlyMap<number, Omit<MemberRecord, "incident">>;
  /** Members that it is left without. */
  readonly dropped: readonly number[];
  readonly newsSince: number | null;
  readonly dueAt: number;
  /** Null when nothing is sent. */
  readonly sent: { readonly at: number; readonly key: string } | null;
}

/** Keeps what was decided of a group. Called with its row locked. */
export async function changeGroup(
  tx: Db,
  { id, receiver }: Pick<GroupRecord, "id" | "receiver">,
  { tellings, dropped, newsSince, dueAt, sent }: GroupChange,
): Promise<void> {
  if (dropped.length > 0) {
    await tx.notificationGroupIncident.deleteMany({
      where: { receiver, incidentId: { in: [...dropped] } },
    });
  }
  const told = [...tellings].map(([incidentId, telling]) => ({ incidentId, ...telling }));
  await tx.$executeRaw`
    UPDATE notification_group_incident m
    SET told = t.told::told, saying = NULLIF(t.saying, ''), acknowledged = t.acknowledged,
        first_labels = COALESCE(m.first_labels, (
          SELECT i.labels || jsonb_build_object('cause', i.cause) FROM incident i WHERE i.id = m.incident_id))
    FROM unnest(${told.map(({ incidentId }) => incidentId)}::int[], ${told.map((one) => one.told)}::text[],
                ${told.map(({ saying }) => saying ?? "")}::text[],
                ${told.map(({ acknowledged }) => acknowledged)}::boolean[])
      AS t(incident_id, told, saying, acknowledged)
    WHERE m.receiver = ${receiver} AND m.incident_id = t.incident_id`;
  await tx.notificationGroup.update({
    where: { id },
    data: {
      newsSince: newsSince === null ? null : new Date(newsSince),
      dueAt: new Date(dueAt),
      ...(sent === null ? {} : { sentAt: new Date(sent.at), key: sent.key, sequence: { increment: 1 } }),
    },
  });
}

export interface Digest {
  /** The same for all that it gathers. */
  readonly identity: string;
  readonly labels: Labels;
  /** For the group, if it is new. */
  readonly key: string;
}

/**
 * Has incidents that were not told yet told by a digest of the same receiver instead, which is made when it is not
 * there. Called with the row of the group locked, so it waits for no other group's: an existing digest is to be woken
 * by `wakeGroup`, after the transaction.
 *
 * @returns the digest's id
 */
export async function moveToDigest(
  tx: Db,
  from: GroupRecord,
  { identity, labels, key }: Digest,
  incidentIds: readonly number[],
  now: number,
): Promise<number> {
  const { receiver, route, newsSince } = from;
  const at = new Date(now);
  await tx.notificationGroup.createMany({
    data: [
      {
        receiver,
        identity,
        route,
        labels: { ...labels },
        key,
        digest: true,
        // They have waited for more of the same already.
        newsSince: newsSince === null ? null : new Date(newsSince),
        dueAt: at,
      },
    ],
    skipDuplicates: true,
  });
  // Whoever forgets it just now is waited for, and then there is none: all of this is tried again.
  const [digest] = await tx.$queryRaw<{ id: bigint }[]>`
    SELECT id FROM notification_group WHERE receiver = ${receiver} AND identity = ${identity} FOR KEY SHARE`;
  if (digest === undefined) throw new SpillwayError("CONFLICT", `a digest of ${receiver} has just ended`);
  await tx.notificationGroupIncident.updateMany({
    where: { receiver, groupId: from.id, incidentId: { in: [...incidentIds] } },
    data: { groupId: digest.id },
  });
  return Number(digest.id);
}

/** Has a group looked at now. */
export async function wakeGroup(db: Db, id: number, now: number): Promise<void> {
  const at = new Date(now);
  await db.notificationGroup.updateMany({ where: { id, dueAt: { gt: at } }, data: { dueAt: at } });
}

/**
 * Forgets a group that nobody needs to hear more of, unless its last delivery is still to be said again. Called with
 * its row locked.
 *
 * @returns whether it is gone
 */
export async function forgetGroup(tx: Db, id: number): Promise<boolean> {
  const again = await tx.delivery.count({ where: { groupId: id, nextTryAt: { not: null } } });
  if (again > 0) return false;
  await tx.notificationGroup.delete({ where: { id } });
  return true;
}

/** The labels, and `cause`, that incidents of a group had when its receiver was first told of them, by the incident's id. */
export async function firstLabels(db: Db, groupId: number): Promise<Map<number, Labels>> {
  const rows = await db.notificationGroupIncident.findMany({
    where: { groupId },
    select: { incidentId: true, firstLabels: true },
  });
  return new Map(
    rows.flatMap(({ incidentId, firstLabels }) =>
      firstLabels === null ? [] : [[incidentId, firstLabels as Labels]],
    ),
  );
}

export async function findGroup(db: Db, id: number): Promise<GroupRecord | null> {
  const row = await db.notificationGroup.findUnique({ where: { id } });
  return row === null ? null : toGroup(row);
}

function toGroup({
  id,
  receiver,
  route,
  labels,
  key,
  sequence,
  sentAt,
  newsSince,
  digest,
}: GroupRow): GroupRecord {
  return {
    id: Number(id),
    receiver,
    route,
    labels: labels as Labels,
    key,
    sequence,
    sentAt: sentAt?.getTime() ?? null,
    newsSince: newsSince?.getTime() ?? null,
    digest,
  };
}
