import { inTransaction, type PrismaClient } from "../store/client.ts";
import {
  type Claimed,
  claimDelivery,
  postponeDelivery,
  recordAttempt,
} from "../store/incidents/deliveries.ts";
import { findGroup } from "../store/incidents/groups.ts";
import { incidentsById } from "../store/incidents/incident-pages.ts";
import { openSilences } from "../store/incidents/silences.ts";
import { attempt, CLAIM_MS, keepOutcome } from "./attempt.ts";
import { type ComposeDeps, compose } from "./compose.ts";
import { isHeldBack } from "./flush.ts";
import type { Notifying } from "./in-force.ts";
import type { Outcome } from "./receiver.ts";
import type { Traits } from "./traits.ts";

/** Attempts at one receiver at a time, by all workers. */
export const PER_RECEIVER = 2;

/** For how long a delivery to a receiver that this process does not know is left to others. */
const UNKNOWN_AGAIN_MS = 2_000;

export interface DeliverDeps extends ComposeDeps {
  /** ms since 1970 */
  readonly now: () => number;
  /** Ends what is under way: the service stops. */
  readonly stopping: AbortSignal;
}

/** What was done about a delivery that was claimed. */
export interface Delivered {
  readonly receiver: string;
  /** Null when nothing was sent: there was nothing to tell, or nobody to tell it to. */
  readonly outcome: Outcome | null;
  /** Whether it will be tried again because it failed. */
  readonly again: boolean;
}

/**
 * Makes the attempt at a delivery that is due. Safe to run twice and at the same time: it is claimed first. A worker
 * that dies between sending and keeping what came of it leaves one repetition, with the same idempotency key.
 *
 * @returns null when it could not be claimed
 */
export async function deliver(
  deps: DeliverDeps,
  notifying: Notifying,
  id: number,
): Promise<Delivered | null> {
  const { db, now, stopping } = deps;
  const began = now();
  const claim = { now: began, until: began + CLAIM_MS, perReceiver: PER_RECEIVER };
  const delivery = await inTransaction(db, (tx) => claimDelivery(tx, id, claim));
  if (delivery === null) return null;
  const { receiver } = delivery;
  const nothing = { receiver, outcome: null, again: false };
  const active = notifying.receivers.get(receiver);
  const isTest = delivery.kind === "TEST";
  if (active === undefined && !isTest) {
    // Another worker may have read a newer file, and planned it. What nobody knows is given up after a day.
    await postponeDelivery(db, delivery, began + UNKNOWN_AGAIN_MS);
    return nothing;
  }
  const group = delivery.groupId === null ? null : await findGroup(db, delivery.groupId);
  if (active === undefined || group === null) {
    const answer = isTest
      ? "cut short: the service that tested has ended"
      : "there is no such group any more";
    const failed = { status: "FAILED", answerStatus: null, answer, nextTryAt: null } as const;
    await inTransaction(db, (tx) => recordAttempt(tx, delivery, failed, began));
    return nothing;
  }
  const { traits } = active;
  const isRepetition = delivery.status === "DELIVERED";
  const incidents = isRepetition ? await worthRepeating(db, delivery, traits, began) : delivery.incidents;
  const sayAgain = (deliveredAt: number) => repeatedAt(delivery, traits, deliveredAt);
  if (incidents.length === 0) {
    await postponeDelivery(db, delivery, sayAgain(began));
    return nothing;
  }
  const telling = () => compose(deps, { ...delivery, incidents }, group, began);
  const outcome = await attempt(active, telling, stopping);
  const kept = await keepOutcome(db, active, delivery, outcome, now(), sayAgain);
  return { receiver, outcome, again: kept.status === "PENDING" };
}

/** When a far end that forgets is told again; null for one that remembers, and some time after the end. */
function repeatedAt(
  { kind, createdAt }: Pick<Claimed, "kind" | "createdAt">,
  { resendMs, resendAfterResolveMs }: Traits,
  now: number,
): number | null {
  if (resendMs === null) return null;
  const next = now + resendMs;
  return kind === "RESOLVED" && next > createdAt + resendAfterResolveMs ? null : next;
}

/** What a repetition tells: not of what is over or held back since, nor for ever of an end. */
async function worthRepeating(
  db: PrismaClient,
  { incidents, createdAt }: Claimed,
  { resendAfterResolveMs }: Traits,
  now: number,
): Promise<Claimed["incidents"]> {
  const silences = await openSilences(db, now);
  const records = await incidentsById(
    db,
    incidents.map(({ id }) => id),
  );
  const going = new Set(
    records
      .filter((incident) => incident.resolvedAt === null && !isHeldBack(incident, silences, now))
      .map((incident) => incident.id),
  );
  return incidents.filter(({ id, firing }) =>
    firing ? going.has(id) : now <= createdAt + resendAfterResolveMs,
  );
}
