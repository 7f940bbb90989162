import { SpillwayError } from "../../errors.ts";

/**
 * Series, labels, samples and whatever else a request lists, all together: ten times what senders send at once. Without
 * it a request of a megabyte, nearly nothing but lists of nothing, would take hundreds of them in memory.
 */
const PARTS_MAX = 200_000;

/** @throws PAYLOAD_TOO_LARGE for a request of more parts than are taken */
export function requireFewParts(parts: number): void {
  if (parts <= PARTS_MAX) return;
  throw new SpillwayError(
    "PAYLOAD_TOO_LARGE",
    `the message lists more than ${PARTS_MAX} series, labels and samples: send fewer samples at once`,
  );
}
