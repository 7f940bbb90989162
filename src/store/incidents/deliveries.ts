import type { Delivery as DeliveryRow } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { storable } from "../storable.ts";
import type { DeliveryKind, DeliveryStatus } from "./records.ts";

/** One notification to one receiver, and what the far end answered. */
export interface DeliveryRecord {
  readonly id: number;
  readonly receiver: string;
  readonly kind: DeliveryKind;
  /** The same on every attempt, so that a receiver can tell a repetition. */
  readonly idempotencyKey: string;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly createdAt: number;
  /** Null before the first attempt. */
  readonly lastTryAt: number | null;
  /** Null when it will not be tried again. */
  readonly nextTryAt: number | null;
  /** HTTP or SMTP status; null before the first attempt, and when nobody answered the last. */
  readonly lastStatus: number | null;
  /** What was answered, or why nothing was; null before the first attempt. */
  readonly lastAnswer: string | null;
}

export interface NewDelivery {
  readonly receiver: string;
  readonly kind: DeliveryKind;
  readonly idempotencyKey: string;
  /** Null for a test. */
  readonly groupId: number | null;
  /** The role for which it wakes people, empty where that is none or several; left out for one that wakes nobody. */
  readonly pageRole?: string | null;
  /** The incidents that it tells of: several where they are grouped, none for a test. */
  readonly incidents: readonly { readonly id: number; readonly firing: boolean }[];
}

/**
 * Plans a delivery, to be tried at once; what the group said last is not said again after it. Give it the transaction
 * that keeps that it was planned. The same key again plans nothing new.
 *
 * @param now ms since 1970
 */
export async function planDelivery(tx: Db, delivery: NewDelivery, now: number): Promise<DeliveryRecord> {
  const { incidents, ...named } = delivery;
  const at = new Date(now);
  if (named.groupId !== null) {
    await tx.delivery.updateMany({
      where: { groupId: named.groupId, nextTryAt: { not: null } },
      data: { nextTryAt: null },
    });
  }
  const [planned] = await tx.delivery.createManyAndReturn({
    data: [{ ...named, createdAt: at, nextTryAt: at }],
    skipDuplicates: true,
  });
  if (planned !== undefined) {
    await tx.deliveryIncident.createMany({
      data: incidents.map(({ id, firing }) => ({ incidentId: id, deliveryId: planned.id, firing })),
    });
    return toDelivery(planned);
  }
  const { idempotencyKey } = named;
  return toDelivery(await tx.delivery.findUniqueOrThrow({ where: { idempotencyKey } }));
}

/**
 * How many notifications woke people for a role since then, ms since 1970. Nobody else counts those of the same receiver
 * and role until the transaction ends.
 */
export async function countPages(
  tx: Db,
  { receiver, role, since }: { readonly receiver: string; readonly role: string; readonly since: number },
): Promise<number> {
  await tx.$executeRaw`
    SELECT pg_advisory_xact_lock(hashtextextended(${JSON.stringify(["pages", receiver, role])}, 0))`;
  return tx.delivery.count({ where: { receiver, pageRole: role, createdAt: { gt: new Date(since) } } });
}

/** Deliveries whose time has come, of each receiver so many: repetitions last, the oldest first. */
export async function dueDeliveries(
  db: Db,
  receivers: readonly string[],
  now: number,
  { perReceiver }: { readonly perReceiver: number },
): Promise<number[]> {
  const at = new Date(now);
  const rows = await db.$queryRaw<{ id: bigint }[]>`
    SELECT due.id FROM unnest(${[...receivers]}::text[]) AS one(name)
    CROSS JOIN LATERAL (
      SELECT id FROM delivery
      WHERE receiver = one.name AND next_try_at <= ${at} AND (claimed_until IS NULL OR claimed_until <= ${at})
      ORDER BY status <> 'PENDING', next_try_at, id LIMIT ${perReceiver}::int
    ) due ORDER BY due.id`;
  return rows.map(({ id }) => Number(id));
}

/** Whose a delivery is: of who claimed it until then, ms since 1970, unless another has since. */
export interface Claim {
  readonly id: number;
  readonly until: number;
}

/** A delivery that is the caller's to attempt. */
export interface Claimed extends DeliveryRecord, Claim {
  readonly groupId: number | null;
  readonly incidents: readonly { readonly id: number; readonly firing: boolean }[];
}

/**
 * Takes a delivery for an attempt. Who dies over it leaves it to others after `until`. Give it a transaction of its own:
 * of those who claim for one receiver each sees what the one before it did.
 *
 * @param perReceiver attempts at one receiver at a time: one that hangs holds up no other
 * @returns null when its time has not come, somebody has it or another of its group, or the receiver is busy
 */
export async function claimDelivery(
  tx: Db,
  id: number,
  { now, until, perReceiver }: { readonly now: number; readonly until: number; readonly perReceiver: number },
): Promise<Claimed | null> {
  const at = new Date(now);
  await tx.$executeRaw`
    SELECT pg_advisory_xact_lock(hashtextextended('claims of ' || receiver, 0))
    FROM delivery WHERE id = ${id}::bigint`;
  const claimed = await tx.$executeRaw`
    UPDATE delivery d SET claimed_until = ${new Date(until)}
    WHERE d.id = ${id}::bigint AND d.next_try_at <= ${at}
      AND (d.claimed_until IS NULL OR d.claimed_until <= ${at})
      AND NOT EXISTS (SELECT FROM delivery o WHERE o.group_id = d.group_id AND o.claimed_until > ${at})
      AND (SELECT count(*) FROM delivery o WHERE o.claimed_until > ${at} AND o.receiver = d.receiver)
          < ${perReceiver}::int`;
  if (claimed === 0) return null;
  const row = await tx.delivery.findUniqueOrThrow({ where: { id }, include: { incidents: true } });
  return {
    ...toDelivery(row),
    until,
    groupId: row.groupId === null ? null : Number(row.groupId),
    incidents: row.incidents.map(({ incidentId, firing }) => ({ id: incidentId, firing })),
  };
}

/** What came of an attempt. */
export interface Attempt {
  readonly status: DeliveryStatus;
  /** Null when nobody answered. */
  readonly answerStatus: number | null;
  /** What was answered, or why nothing was. */
  readonly answer: string;
  /** When to try again, or to say it again, ms since 1970; null when not. */
  readonly nextTryAt: number | null;
}

const ANSWER_LENGTH = 500;

/** What of an answer is kept: a far end may send a megabyte, and what Postgres does not take for text. */
export function keptAnswer(answer: string): string {
  return storable(answer.slice(0, ANSWER_LENGTH));
}

/**
 * Keeps what came of an attempt: of one that failed only while the delivery is still the caller's. One that was ended
 * meanwhile, by another of its group that was planned or by a far end that wants nothing more, is not tried again.
 *
 * @param now ms since 1970
 */
export async function recordAttempt(
  tx: Db,
  { id, until }: Claim,
  { status, answerStatus, answer, nextTryAt }: Attempt,
  now: number,
): Promise<DeliveryRecord> {
  const [found] = await tx.$queryRaw<{ isEnded: boolean; isOurs: boolean }[]>`
    SELECT next_try_at IS NULL AS "isEnded", claimed_until IS NOT DISTINCT FROM ${new Date(until)} AS "isOurs"
    FROM delivery WHERE id = ${id}::bigint FOR UPDATE`;
  const { isEnded = true, isOurs = false } = found ?? {};
  const came = {
    status,
    nextTryAt: nextTryAt === null || isEnded ? null : new Date(nextTryAt),
    lastStatus: answerStatus,
    lastAnswer: keptAnswer(answer),
  };
  const row = await tx.delivery.update({
    where: { id },
    data: {
      ...(status === "DELIVERED" || (isOurs && !isEnded) ? came : {}),
      ...(isOurs ? { claimedUntil: null } : {}),
      attempts: { increment: 1 },
      lastTryAt: new Date(now),
    },
  });
  return toDelivery(row);
}

/** Leaves a claimed delivery as it is until a time, ms since 1970; for good with null, or when it was ended meanwhile. */
export async function postponeDelivery(
  db: Db,
  { id, until }: Claim,
  nextTryAt: number | null,
): Promise<void> {
  const claimedUntil = new Date(until);
  await db.delivery.updateMany({
    where: { id, claimedUntil, nextTryAt: { not: null } },
    data: { nextTryAt: nextTryAt === null ? null : new Date(nextTryAt) },
  });
  await db.delivery.updateMany({ where: { id, claimedUntil }, data: { claimedUntil: null } });
}

/** Gives up what waits for a receiver, and forgets its groups. @param why is shown as the answer */
export async function giveUpAll(tx: Db, receiver: string, why: string): Promise<void> {
  await tx.delivery.updateMany({
    where: { receiver, status: "PENDING" },
    data: { status: "FAILED", nextTryAt: null, lastAnswer: why },
  });
  await tx.delivery.updateMany({ where: { receiver, nextTryAt: { not: null } }, data: { nextTryAt: null } });
  await tx.notificationGroup.deleteMany({ where: { receiver } });
}

/**
 * Gives up what was planned before a time, ms since 1970, and waits for receivers other than these. Not what is younger:
 * a process that has read a newer file may know them.
 *
 * @param why is shown as the answer
 * @returns how many deliveries
 */
export async function giveUpUnknown(
  db: Db,
  receivers: readonly string[],
  before: number,
  why: string,
): Promise<number> {
  const { count } = await db.delivery.updateMany({
    where: { status: "PENDING", receiver: { notIn: [...receivers] }, createdAt: { lt: new Date(before) } },
    data: { status: "FAILED", nextTryAt: null, lastAnswer: why },
  });
  return count;
}

/** The newest delivery to a receiver, a test or not; null before the first. */
export async function lastDelivery(db: Db, receiver: string): Promise<DeliveryRecord | null> {
  const row = await db.delivery.findFirst({ where: { receiver }, orderBy: { id: "desc" } });
  return row === null ? null : toDelivery(row);
}

/**
 * Since when the oldest delivery to one of these receivers waits that is neither delivered nor given up, ms since 1970;
 * null when none does.
 */
export async function oldestPending(db: Db, receivers: readonly string[]): Promise<number | null> {
  const { _min } = await db.delivery.aggregate({
    where: { status: "PENDING", receiver: { in: [...receivers] } },
    _min: { createdAt: true },
  });
  return _min.createdAt?.getTime() ?? null;
}

export async function findDelivery(db: Db, id: number): Promise<DeliveryRecord | null> {
  const row = await db.delivery.findUnique({ where: { id } });
  return row === null ? null : toDelivery(row);
}

export function toDelivery(row: DeliveryRow): DeliveryRecord {
  const { id, receiver, kind, idempotencyKey, status, attempts, lastStatus, lastAnswer } = row;
  return {
    id: Number(id),
    receiver,
    kind,
    idempotencyKey,
    status,
    attempts,
    lastStatus,
    lastAnswer,
    createdAt: row.createdAt.getTime(),
    lastTryAt: row.lastTryAt?.getTime() ?? null,
    nextTryAt: row.nextTryAt?.getTime() ?? null,
  };
}
