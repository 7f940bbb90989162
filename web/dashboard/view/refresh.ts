import { parseSpan } from "../format/times.ts";
import type { Range } from "./state.ts";

/** Agents push, and workers sum up, within this: what a range ends with comes so much later. */
const FILLED_AFTER_MS = 120_000;
const PINNED_MS = 15_000;

/**
 * How often a view asks again, in ms: a range that ends now as its steps grow; a pinned one while its end still fills, and
 * then never.
 */
export function refreshMs(range: Range, now = Date.now()): number {
  if (range.kind === "pinned") return now < range.to + FILLED_AFTER_MS ? PINNED_MS : 0;
  const length = parseSpan(range.last) ?? 3_600_000;
  return Math.min(60_000, Math.max(5_000, length / 360));
}
