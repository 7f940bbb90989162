import type { Outcome } from "../receiver.ts";
import { failure } from "./ask.ts";

/** How long the others are waited for once one has taken it. */
const LATER_MS = 2_000;

/**
 * Sends the same to several far ends that tell each other of it. Once one has taken it the others are not waited for
 * long: one that is off must not hold up what is sent to those that are not.
 *
 * @param sendings make the attempt, one at each far end; the signal ends it
 * @returns what came of each, in their order
 */
export async function untilOneHasIt(
  sendings: readonly ((impatient: AbortSignal) => Promise<Outcome>)[],
  laterMs = LATER_MS,
): Promise<Outcome[]> {
  const impatience = new AbortController();
  const { signal } = impatience;
  const late = new Promise<Outcome>((resolve) => {
    const answer = `has not answered within ${laterMs / 1000} s of another's answer`;
    signal.addEventListener("abort", () => resolve(failure(null, answer, true)), { once: true });
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.all(
      sendings.map(async (send) => {
        const outcome = await Promise.race([send(signal), late]);
        if (outcome.delivered) timer ??= setTimeout(() => impatience.abort(), laterMs);
        return outcome;
      }),
    );
  } finally {
    clearTimeout(timer);
  }
}
