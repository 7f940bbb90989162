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
  /** The incidents that it tells of: several where they are grouped, none for a test. */
  readonly incidentIds: readonly number[];
}

/**
 * Plans a delivery, to be tried at once. Give it the transaction that takes what it tells of from the outbox. The
 * same key again plans nothing new.
 *
 * @param now ms since 1970
 */
export async function planDelivery(tx: Db, delivery: NewDelivery, now: number): Promise<DeliveryRecord> {
  const { incidentIds, ...named } = delivery;
  const at = new Date(now);
  const [planned] = await tx.delivery.createManyAndReturn({
    data: [{ ...named, createdAt: at, nextTryAt: at }],
    skipDuplicates: true,
  });
  if (planned !== undefined) {
    await tx.deliveryIncident.createMany({
      data: incidentIds.map((incidentId) => ({ incidentId, deliveryId: planned.id })),
    });
    return toDelivery(planned);
  }
  const { idempotencyKey } = named;
  return toDelivery(await tx.delivery.findUniqueOrThrow({ where: { idempotencyKey } }));
}

/** What came of an attempt. */
export interface Attempt {
  readonly status: DeliveryStatus;
  /** Null when nobody answered. */
  readonly answerStatus: number | null;
  /** What was answered, or why nothing was. */
  readonly answer: string;
  /** When to try again, ms since 1970; null when not. */
  readonly nextTryAt: number | null;
}

const ANSWER_LENGTH = 500;

/** Keeps what came of an attempt. @param now ms since 1970 */
export async function recordAttempt(
  db: Db,
  id: number,
  attempt: Attempt,
  now: number,
): Promise<DeliveryRecord> {
  const { status, answerStatus, answer, nextTryAt } = attempt;
  const row = await db.delivery.update({
    where: { id },
    data: {
      status,
      attempts: { increment: 1 },
      lastTryAt: new Date(now),
      nextTryAt: nextTryAt === null ? null : new Date(nextTryAt),
      lastStatus: answerStatus,
      // A far end may send a megabyte, and what Postgres does not take for text.
      lastAnswer: storable(answer.slice(0, ANSWER_LENGTH)),
    },
  });
  return toDelivery(row);
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
