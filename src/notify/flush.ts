import { createHash, randomUUID } from "node:crypto";
import { changesAt, silencesOf } from "../incidents/silence-matching.ts";
import { type Db, inTransaction, type PrismaClient } from "../store/client.ts";
import { countPages, planDelivery } from "../store/incidents/deliveries.ts";
import {
  changeGroup,
  type Digest,
  forgetGroup,
  type GroupRecord,
  lockGroup,
  type MemberRecord,
  moveToDigest,
  wakeGroup,
} from "../store/incidents/groups.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import { openSilences, type SilenceRecord } from "../store/incidents/silences.ts";
import { type Decision, decide, type Member } from "./decide.ts";
import type { Notifying } from "./in-force.ts";
import { type PageLimit, pagedRole } from "./page-limit.ts";
import { routeOfGroup } from "./route.ts";

export interface FlushDeps {
  readonly db: PrismaClient;
  /** Labels that say which hosts do the same work, the first that a host has. */
  readonly roleLabels: readonly string[];
}

/**
 * Looks at a group, and plans the delivery that is due, if any: with what is known of its members after that, in one
 * transaction. Safe to run twice and at the same time: the group is one worker's alone, and one delivery of it after
 * the other, so that no end is told before its beginning. A page beyond the limit of its role is left to the digest of
 * that role, a group like others from there on: beginning and end are told by the same one.
 *
 * @param now ms since 1970
 */
export async function flushGroup(
  { db, roleLabels }: FlushDeps,
  notifying: Notifying,
  id: number,
  now: number,
): Promise<void> {
  const digestId = await inTransaction(db, async (tx) => {
    const locked = await lockGroup(tx, id, now);
    const active = locked === null ? undefined : notifying.receivers.get(locked.group.receiver);
    if (locked === null || active === undefined) return null;
    const { group } = locked;
    const silences = await openSilences(tx, now);
    const members = locked.members.map((member) => toMember(member, silences, now));
    const releasedAt = whenReleased(members, silences, now);
    const { timing, pageLimit } = routeOfGroup(notifying.route, group.route);
    const { sentAt, newsSince } = group;
    const decision = decide({ sentAt, newsSince, members }, timing, active.traits, now);
    const { notification } = decision;
    const role = active.traits.wakesPeople ? pagedRole(notification, members, roleLabels) : null;
    if (notification !== null && role !== null && (await isTooMuch(tx, group, role, pageLimit, now))) {
      const ids = notification.incidents.map((incident) => incident.id);
      const digest = await moveToDigest(tx, group, digestOf(role), ids, now);
      await changeGroup(tx, group, {
        tellings: new Map(),
        dropped: decision.dropped,
        newsSince: null,
        dueAt: now,
        sent: null,
      });
      return digest;
    }
    if (decision.dueAt === null && (await forgetGroup(tx, id))) return null;
    await keep(tx, group, decision, { role, now, recheckMs: timing.groupIntervalMs, releasedAt });
    return null;
  });
  // A worker that dies before this delays what the digest has to tell by group_interval.
  if (digestId !== null) await wakeGroup(db, digestId, now);
}

/** Whether people were woken for a role as often as they may be. A digest is what becomes of that, and always told. */
async function isTooMuch(
  tx: Db,
  { receiver, digest }: GroupRecord,
  role: string,
  limit: PageLimit | null,
  now: number,
): Promise<boolean> {
  if (digest || limit === null) return false;
  return (await countPages(tx, { receiver, role, since: now - limit.withinMs })) >= limit.pages;
}

function digestOf(role: string): Digest {
  const identity = createHash("sha256")
    .update(JSON.stringify(["digest", role]))
    .digest("hex");
  return { identity, labels: { role }, key: randomUUID() };
}

interface Kept {
  /** For which people are woken; null for nobody. */
  readonly role: string | null;
  readonly now: number;
  /** When a group is looked at again of which nothing says when. */
  readonly recheckMs: number;
  /** When the first of the silences ends that hold something back; null for none. */
  readonly releasedAt: number | null;
}

/** Keeps what was decided, and plans the delivery that it calls for. */
async function keep(tx: Db, group: GroupRecord, decision: Decision, kept: Kept): Promise<void> {
  const { notification, tellings, dropped, newsSince } = decision;
  const { role, now, recheckMs, releasedAt } = kept;
  const key = notification?.begins === true ? randomUUID() : group.key;
  await changeGroup(tx, group, {
    tellings,
    dropped,
    newsSince,
    dueAt: Math.min(decision.dueAt ?? now + recheckMs, releasedAt ?? Number.POSITIVE_INFINITY),
    sent: notification === null ? null : { at: now, key },
  });
  if (notification === null) return;
  const { kind, incidents } = notification;
  const { receiver, id: groupId } = group;
  const idempotencyKey = `${key}-${group.sequence + 1}`;
  await planDelivery(tx, { receiver, kind, idempotencyKey, groupId, pageRole: role, incidents }, now);
}

function toMember(member: MemberRecord, silences: readonly SilenceRecord[], now: number): Member {
  return { ...member, held: isHeldBack(member.incident, silences, now) };
}

/** When the first of the silences ends that hold a member back; null when none does, or none ever ends. */
function whenReleased(
  members: readonly Member[],
  silences: readonly SilenceRecord[],
  now: number,
): number | null {
  const held = members.filter(({ held, incident }) => held && incident.resolvedAt === null);
  const holding = new Set(held.flatMap(({ incident }) => silencesOf(incident, silences, now)));
  const ends = [...holding].flatMap((silence) => changesAt(silence, now) ?? []);
  return ends.length === 0 ? null : Math.min(...ends);
}

/** Whether a silence, or an incident that explains this one, holds it back. */
export function isHeldBack(
  incident: IncidentRecord,
  silences: readonly SilenceRecord[],
  now: number,
): boolean {
  return incident.inhibitedBy !== null || silencesOf(incident, silences, now).length > 0;
}
