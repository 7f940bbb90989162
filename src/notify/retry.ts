/** What becomes of a delivery after an attempt: pure. */
import type { Attempt } from "../store/incidents/deliveries.ts";
import type { Outcome } from "./receiver.ts";

/** Between two attempts, in ms: doubled from the first to the longest, and up to half of it less by chance. */
const FIRST_MS = 5_000;
const LONGEST_MS = 10 * 60_000;
/** A far end that asks for more than this is asked again all the same. */
const LONGEST_ASKED_MS = 3_600_000;
/** So long after it was planned a delivery is given up: who was away for a day learns more from what is open. */
export const GIVE_UP_MS = 24 * 3_600_000;

export interface Tried {
  /** Attempts so far, this one among them. */
  readonly attempts: number;
  /** When it was planned; `now` when the attempt ended. Both in ms since 1970. */
  readonly createdAt: number;
  readonly now: number;
  /** 0 to 1, by chance: those that failed together shall not come back together. */
  readonly chance: number;
}

export function afterAttempt(outcome: Outcome, { attempts, createdAt, now, chance }: Tried): Attempt {
  const { status: answerStatus, answer } = outcome;
  if (outcome.delivered) return { status: "DELIVERED", answerStatus, answer, nextTryAt: null };
  const backoff = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 30));
  const wait = Math.max(backoff * (1 - chance / 2), Math.min(outcome.retryAfterMs ?? 0, LONGEST_ASKED_MS));
  const nextTryAt = Math.round(now + wait);
  const givesUp = !outcome.retry || outcome.disable === true || nextTryAt >= createdAt + GIVE_UP_MS;
  if (givesUp) return { status: "FAILED", answerStatus, answer, nextTryAt: null };
  return { status: "PENDING", answerStatus, answer, nextTryAt };
}
