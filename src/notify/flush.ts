import { randomUUID } from "node:crypto";
import { silencesOf } from "../incidents/silence-matching.ts";
import { inTransaction, type PrismaClient } from "../store/client.ts";
import { planDelivery } from "../store/incidents/deliveries.ts";
import { changeGroup, forgetGroup, lockGroup, type MemberRecord } from "../store/incidents/groups.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import { openSilences, type SilenceRecord } from "../store/incidents/silences.ts";
import { decide, type Member } from "./decide.ts";
import type { Notifying } from "./in-force.ts";
import { timingOf } from "./route.ts";

/**
 * Looks at a group, and plans the delivery that is due, if any: with what is known of its members after that, in one
 * transaction. Safe to run twice and at the same time: the group is one worker's alone, and one delivery of it after
 * the other, so that no end is told before its beginning.
 *
 * @param now ms since 1970
 * @returns the delivery's id; null when there was nothing to tell
 */
export function flushGroup(
  db: PrismaClient,
  notifying: Notifying,
  id: number,
  now: number,
): Promise<number | null> {
  return inTransaction(db, async (tx) => {
    const locked = await lockGroup(tx, id, now);
    const active = locked === null ? undefined : notifying.receivers.get(locked.group.receiver);
    if (locked === null || active === undefined) return null;
    const { group } = locked;
    const silences = await openSilences(tx, now);
    const members = locked.members.map((member) => toMember(member, silences, now));
    const timing = timingOf(notifying.route, group.route);
    const { sentAt, newsSince } = group;
    const decision = decide({ sentAt, newsSince, members }, timing, active.traits, now);
    if (decision.dueAt === null && (await forgetGroup(tx, id))) return null;

    const { notification, tellings, dropped } = decision;
    const key = notification?.begins === true ? randomUUID() : group.key;
    await changeGroup(tx, group, {
      tellings,
      dropped,
      newsSince: decision.newsSince,
      dueAt: decision.dueAt ?? now + timing.groupIntervalMs,
      sent: notification === null ? null : { at: now, key },
    });
    if (notification === null) return null;
    const { kind, incidents } = notification;
    const idempotencyKey = `${key}-${group.sequence + 1}`;
    const planned = { receiver: group.receiver, kind, idempotencyKey, groupId: id, incidents };
    return (await planDelivery(tx, planned, now)).id;
  });
}

function toMember(member: MemberRecord, silences: readonly SilenceRecord[], now: number): Member {
  return { ...member, held: isHeldBack(member.incident, silences, now) };
}

/** Whether a silence, or an incident that explains this one, holds it back. */
export function isHeldBack(
  incident: IncidentRecord,
  silences: readonly SilenceRecord[],
  now: number,
): boolean {
  return incident.inhibitedBy !== null || silencesOf(incident, silences, now).length > 0;
}
