import { SpillwayError } from "../errors.ts";
import type { Range } from "../store/queries/range.ts";
import { builder } from "./builder.ts";

export const TimeRange = builder.inputType("TimeRange", {
  description:
    "Either `last` (ending now), or `from` with `to` (default now). An increase lies in the range when its later snapshot does.",
  fields: (t) => ({
    last: t.field({ type: "Duration" }),
    from: t.field({ type: "DateTime" }),
    to: t.field({ type: "DateTime" }),
  }),
});

interface RangeInput {
  readonly last?: number | null | undefined;
  readonly from?: number | null | undefined;
  readonly to?: number | null | undefined;
}

const LONGEST_MS = 10 * 366 * 86_400_000;

/** @throws BAD_REQUEST when the range is not of one of the two forms, empty, or longer than ten years */
export function resolveRange(input: RangeInput, now: number): Range {
  const range = readRange(input, now);
  if (range.to - range.from <= LONGEST_MS) return range;
  throw new SpillwayError("BAD_REQUEST", "the range is longer than ten years: ask for less");
}

function readRange({ last, from, to }: RangeInput, now: number): Range {
  if (last != null && from == null && to == null) return { from: now - last, to: now };
  if (last == null && from != null) {
    const end = to ?? now;
    if (from < end) return { from, to: end };
    throw new SpillwayError(
      "BAD_REQUEST",
      `the range begins at ${new Date(from).toISOString()} and ends at ${new Date(end).toISOString()}: it is empty`,
    );
  }
  throw new SpillwayError(
    "BAD_REQUEST",
    'a range is {last: "1h"}, or {from: ..., to: ...} with `to` as you like',
  );
}
