/**
 * What a group is told now, if there is anything, and when it is looked at next: pure. It compares what the far end was
 * told with what is, so that running it twice, late, or after a crash tells nothing twice and forgets nothing.
 */
import type { DeliveryKind, IncidentRecord } from "../store/incidents/records.ts";
import type { Timing } from "./route.ts";
import type { Traits } from "./traits.ts";

/**
 * So long after its end, and after the time in which that was told where nothing held it up, a member is forgotten: it is
 * not reopened any more. A group in which something always goes on would grow for ever.
 */
const FORGOTTEN_MS = 3_600_000;

/** What a receiver has been told of an incident. */
export interface Telling {
  readonly told: "NOTHING" | "FIRING" | "RESOLVED";
  /** As `sayingOf`; null before it was told, and where it is to be told again as soon as nothing holds it back. */
  readonly saying: string | null;
  readonly acknowledged: boolean;
}

export interface Member extends Telling {
  readonly incident: IncidentRecord;
  /** A silence or another incident holds it back: its end is told all the same, where its beginning was. */
  readonly held: boolean;
}

/** A group of which no delivery is under way. Times in ms since 1970. */
export interface GroupState {
  /** When the last notification was planned; null before the first. */
  readonly sentAt: number | null;
  /** Since when there has been news; null when none was noticed. */
  readonly newsSince: number | null;
  readonly members: readonly Member[];
}

export interface Decision {
  readonly notification: {
    readonly kind: Exclude<DeliveryKind, "TEST">;
    /** The first of an episode: the far end shall know it by a new key. */
    readonly begins: boolean;
    readonly incidents: readonly { readonly id: number; readonly firing: boolean }[];
  } | null;
  /** What is known of its members after that, by the incident's id. */
  readonly tellings: ReadonlyMap<number, Telling>;
  /** Members that ended before anybody was told of them, or of which everything was told long ago. */
  readonly dropped: readonly number[];
  readonly newsSince: number | null;
  /** Null when nobody needs to hear more of this group: it may be forgotten. */
  readonly dueAt: number | null;
}

/** What of an incident is news when it changes. */
export function sayingOf({
  urgency,
  severity,
  cause,
}: Pick<IncidentRecord, "urgency" | "severity" | "cause">): string {
  return `${urgency} ${severity} ${cause}`;
}

export function decide(group: GroupState, timing: Timing, traits: Traits, now: number): Decision {
  const parts = sort(group.members, now - timing.groupIntervalMs - FORGOTTEN_MS);
  const { fresh, going, heldBack, ended, dropped } = parts;
  const changed = going.filter(
    (member) =>
      member.saying !== sayingOf(member.incident) || (traits.acknowledgements && isTakenBack(member)),
  );
  const acknowledged = going.length > 0 && going.every(({ incident }) => incident.acknowledgedAt !== null);
  const isAcknowledgement =
    traits.acknowledgements && acknowledged && going.some((member) => !member.acknowledged);

  const begins = going.length + heldBack.length + ended.length === 0;
  const isOver = ended.length > 0 && fresh.length + going.length + heldBack.length === 0;
  const isNews =
    fresh.length + changed.length > 0 ||
    isOver ||
    (traits.eachResolve && ended.length > 0) ||
    isAcknowledgement;

  const base = { tellings: new Map<number, Telling>(), dropped };
  const intervalEnd = group.sentAt === null ? now : group.sentAt + timing.groupIntervalMs;
  const recheck = now + timing.groupIntervalMs;
  if (isNews) {
    const newsSince = group.newsSince ?? now;
    const allowedAt = Math.max(newsSince + timing.groupWaitMs, intervalEnd);
    if (now < allowedAt) {
      return { ...base, notification: null, newsSince, dueAt: Math.min(allowedAt, recheck) };
    }
    const kind = isOver
      ? "RESOLVED"
      : begins
        ? "OPENED"
        : isAcknowledgement && fresh.length + changed.length === 0
          ? "ACKNOWLEDGED"
          : "CHANGED";
    return tell(kind, begins, parts, traits, recheck);
  }
  const quiet = { ...base, notification: null, newsSince: null };
  if (going.length > 0 && group.sentAt !== null) {
    const repeatAt = group.sentAt + Math.max(timing.repeatIntervalMs, timing.groupIntervalMs);
    if (acknowledged) return { ...quiet, dueAt: recheck };
    if (now >= repeatAt) return tell("REMINDER", false, parts, traits, recheck);
    return { ...quiet, dueAt: Math.min(repeatAt, recheck) };
  }
  const isHeld = group.members.some(
    ({ incident, told }) => incident.resolvedAt === null || told === "FIRING",
  );
  if (isHeld) return { ...quiet, dueAt: recheck };
  // All is over and told. Kept until nothing may be said anyway, so that what begins anew cannot be told too soon.
  return { ...quiet, dueAt: now < intervalEnd ? intervalEnd : null };
}

/** It was resolved by hand, and is back since: whoever was told that somebody is on it hears that nobody is. */
function isTakenBack({ acknowledged, incident }: Member): boolean {
  return acknowledged && incident.acknowledgedAt === null;
}

interface Parts {
  /** To be told for the first time. */
  readonly fresh: readonly Member[];
  /** Told, and going on. */
  readonly going: readonly Member[];
  /** Likewise, but something holds it back. */
  readonly heldBack: readonly Member[];
  /** Told, and over. */
  readonly ended: readonly Member[];
  readonly dropped: readonly number[];
}

/** @param forgetBefore members that were over by then, in ms since 1970, and told so are forgotten */
function sort(members: readonly Member[], forgetBefore: number): Parts {
  const isFiring = ({ incident }: Member) => incident.resolvedAt === null;
  const isDone = ({ incident: { resolvedAt }, told }: Member) =>
    resolvedAt !== null && (told === "NOTHING" || (told === "RESOLVED" && resolvedAt < forgetBefore));
  return {
    fresh: members.filter((member) => isFiring(member) && member.told !== "FIRING" && !member.held),
    going: members.filter((member) => isFiring(member) && member.told === "FIRING" && !member.held),
    heldBack: members.filter((member) => isFiring(member) && member.told === "FIRING" && member.held),
    ended: members.filter((member) => !isFiring(member) && member.told === "FIRING"),
    dropped: members.filter(isDone).map(({ incident }) => incident.id),
  };
}

function tell(
  kind: Exclude<DeliveryKind, "TEST">,
  begins: boolean,
  { fresh, going, heldBack, ended, dropped }: Parts,
  { resendMs }: Traits,
  dueAt: number,
): Decision {
  const firing = [...going, ...fresh];
  const tellings = new Map<number, Telling>();
  for (const { incident, told, acknowledged: before } of firing) {
    // What else is told says that it fires, and not that somebody is on it: that is told next.
    const isKnown = (told === "FIRING" && before) || kind === "ACKNOWLEDGED";
    const acknowledged = incident.acknowledgedAt !== null && isKnown;
    tellings.set(incident.id, { told: "FIRING", saying: sayingOf(incident), acknowledged });
  }
  if (resendMs !== null) {
    // Only what was told last is repeated, and these are not in it: a far end that forgets takes them for over.
    for (const { incident, acknowledged } of heldBack) {
      tellings.set(incident.id, { told: "FIRING", saying: null, acknowledged });
    }
  }
  for (const { incident, saying, acknowledged } of ended) {
    tellings.set(incident.id, { told: "RESOLVED", saying, acknowledged });
  }
  return {
    notification: {
      kind,
      begins,
      incidents: [
        ...firing.map(({ incident }) => ({ id: incident.id, firing: true })),
        ...ended.map(({ incident }) => ({ id: incident.id, firing: false })),
      ],
    },
    tellings,
    dropped,
    newsSince: null,
    dueAt,
  };
}
