import { parseSpan } from "../format/times.ts";
import type { Range } from "./state.ts";

/** How often a view asks again, in ms: a range that ends now as its steps grow; a pinned one never. */
export function refreshMs(range: Range): number {
  if (range.kind === "pinned") return 0;
  const length = parseSpan(range.last) ?? 3_600_000;
  return Math.min(60_000, Math.max(5_000, length / 360));
}
