import { HOUR_MS } from "./record.ts";

/** How far a look goes at first, then a day and the hours at its edges, and then as far as it may. */
const FIRST_MS = 2 * HOUR_MS;
const SECOND_MS = 26 * HOUR_MS;

/**
 * Asks for what lies near first and further away only for what was not found there. What is asked for is
 * nearly always near, and a statement that names no near bound plans and locks every partition there is.
 *
 * @param withinMs how far to look at most; may be Infinity
 * @param look asks within so many ms, and returns those that it did not find
 * @param emptyMs so far there is known to be nothing: such looks are left out
 */
export async function widening<T>(
  wanted: readonly T[],
  withinMs: number,
  look: (wanted: readonly T[], withinMs: number) => Promise<readonly T[]>,
  emptyMs = Number.NEGATIVE_INFINITY,
): Promise<void> {
  let left = wanted;
  for (const reach of [FIRST_MS, SECOND_MS, Number.POSITIVE_INFINITY]) {
    if (left.length === 0) return;
    // Nor for what lies hardly further.
    if (reach - FIRST_MS <= emptyMs) continue;
    left = await look(left, Math.min(reach, withinMs));
    if (reach >= withinMs) return;
  }
}
