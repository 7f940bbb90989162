import { inTransaction, type PrismaClient } from "../store/client.ts";
import {
  type Claimed,
  type DeliveryRecord,
  giveUpAll,
  recordAttempt,
} from "../store/incidents/deliveries.ts";
import { putBackOpen } from "../store/incidents/outbox.ts";
import { keepAnswer } from "../store/incidents/receiver-states.ts";
import type { ActiveReceiver } from "./in-force.ts";
import { oneLine } from "./message/clean.ts";
import type { Notification, Outcome } from "./receiver.ts";
import { afterAttempt } from "./retry.ts";

/** One attempt, all of it. */
const ATTEMPT_MS = 20_000;
/** Who has not kept what came of an attempt by then is taken for dead, and another makes it again. */
export const CLAIM_MS = 30_000;

/**
 * Makes an attempt, whatever the far end does. What is thrown is a fault of ours, shown as the answer and tried again.
 *
 * @param notification makes what is sent
 */
export async function attempt(
  { receiver }: ActiveReceiver,
  notification: () => Promise<Notification>,
  stopping: AbortSignal,
): Promise<Outcome> {
  const ended = AbortSignal.any([stopping, AbortSignal.timeout(ATTEMPT_MS)]);
  const cut = new Promise<Outcome>((resolve) => {
    const answer = () =>
      stopping.aborted ? "cut short: the service stopped" : `no answer within ${ATTEMPT_MS / 1000} s`;
    const end = () =>
      resolve({ delivered: false, status: null, answer: answer(), retry: true, retryAfterMs: null });
    if (ended.aborted) end();
    else ended.addEventListener("abort", end, { once: true });
  });
  const sent = notification()
    .then((made) => receiver.send(made, ended))
    .catch(
      (error: unknown): Outcome => ({
        delivered: false,
        status: null,
        answer: `cannot send: ${(error as Error).message}`,
        retry: true,
        retryAfterMs: null,
      }),
    );
  return Promise.race([sent, cut]);
}

/** When a delivery that the far end has taken is said again, for one that forgets; null for never. */
export type SayAgain = (deliveredAt: number) => number | null;

/** Keeps what came of an attempt, of the delivery and of its receiver, in one transaction. */
export function keepOutcome(
  db: PrismaClient,
  active: ActiveReceiver,
  delivery: Pick<Claimed, "id" | "until" | "kind" | "status" | "attempts" | "createdAt">,
  outcome: Outcome,
  now: number,
  sayAgain: SayAgain,
): Promise<DeliveryRecord> {
  const { receiver, fingerprint } = active;
  const disable = !outcome.delivered && outcome.disable === true;
  return inTransaction(db, async (tx) => {
    // One that was taken once stays delivered, whatever becomes of its repetitions.
    const isTaken = outcome.delivered || delivery.status === "DELIVERED";
    const { status: answerStatus } = outcome;
    const answer = shownAnswer(outcome);
    const result = isTaken
      ? ({ status: "DELIVERED", answerStatus, answer, nextTryAt: sayAgain(now) } as const)
      : afterAttempt(
          { ...outcome, answer },
          {
            attempts: delivery.attempts + 1,
            createdAt: delivery.createdAt,
            now,
            chance: Math.random(),
          },
        );
    const kept = await recordAttempt(tx, delivery, result, now);
    const asked = { name: receiver.name, settings: fingerprint, test: delivery.kind === "TEST" };
    const answered = { delivered: outcome.delivered, status: answerStatus, answer, disable };
    const isBack = await keepAnswer(tx, { ...asked, ...answered }, now);
    if (isBack) await putBackOpen(tx, now);
    if (disable) await giveUpAll(tx, receiver.name, `given up: the far end wants nothing more (${answer})`);
    return kept;
  });
}

/** So that there is room for what is wrong with a template behind it. */
const ANSWER_LENGTH = 300;

function shownAnswer({ answer, templateFault }: Outcome): string {
  return templateFault === undefined ? answer : `${oneLine(answer, ANSWER_LENGTH)}; ${templateFault}`;
}
