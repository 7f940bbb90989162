/**
 * What a view shows, as its URL says it: the same URL shows the same to whoever opens it. Pure; `now` is an argument.
 */
import { parseSpan, type Zone } from "../format/times.ts";
import { type Matcher, parseMatcher, printMatcher } from "./matchers.ts";

/** `last` ends now and moves on; pinned stands still. */
export type Range =
  | { readonly kind: "last"; readonly last: string }
  /** ms since 1970 */
  | { readonly kind: "pinned"; readonly from: number; readonly to: number };

export interface ViewState {
  readonly range: Range;
  readonly zone: Zone;
  /** Part of a host's name. */
  readonly search: string;
  readonly matchers: readonly Matcher[];
  /** The label that plots are stacked by; null for one series in all. */
  readonly groupBy: string | null;
}

export const RANGES = ["15m", "1h", "6h", "24h", "7d", "30d"] as const;
const RANGE_DEFAULT = "1h";
/** As long as hours are kept by default. */
export const RANGE_MAX_MS = 400 * 86_400_000;
/** A shorter one has no step in it. */
export const RANGE_MIN_MS = 60_000;

/** What cannot be read is left out, and the default stands in for it. */
export function parseView(search: string): ViewState {
  const params = new URLSearchParams(search);
  return {
    range: parseRange(params.get("range"), params.get("from"), params.get("to")),
    zone: params.get("tz") === "utc" ? "utc" : "local",
    search: (params.get("q") ?? "").slice(0, 200),
    matchers: params
      .getAll("match")
      .flatMap((text) => parseMatcher(text) ?? [])
      .slice(0, 20),
    groupBy: params.get("by")?.slice(0, 200) || null,
  };
}

/** What is as it is by default is not in it; other parameters, which pages have of their own, stay. */
export function printView(state: ViewState, others: string = ""): string {
  const params = new URLSearchParams(others);
  for (const name of ["range", "from", "to", "tz", "q", "match", "by"]) params.delete(name);
  const { range } = state;
  if (range.kind === "pinned") {
    params.set("from", new Date(range.from).toISOString());
    params.set("to", new Date(range.to).toISOString());
  } else if (range.last !== RANGE_DEFAULT) params.set("range", range.last);
  if (state.zone === "utc") params.set("tz", "utc");
  if (state.search !== "") params.set("q", state.search);
  for (const matcher of state.matchers) params.append("match", printMatcher(matcher));
  if (state.groupBy !== null) params.set("by", state.groupBy);
  return params.toString();
}

function parseRange(last: string | null, from: string | null, to: string | null): Range {
  if (from !== null && to !== null) {
    const [start, end] = [Date.parse(from), Date.parse(to)];
    const length = end - start;
    if (length >= RANGE_MIN_MS && length <= RANGE_MAX_MS) return { kind: "pinned", from: start, to: end };
  }
  const ms = last === null ? null : parseSpan(last);
  const known = last !== null && ms !== null && ms >= RANGE_MIN_MS && ms <= RANGE_MAX_MS;
  return { kind: "last", last: known ? last : RANGE_DEFAULT };
}

/** The moments that a range means now. */
export function rangeAt(range: Range, now: number): { readonly from: number; readonly to: number } {
  if (range.kind === "pinned") return range;
  return { from: now - (parseSpan(range.last) ?? 3_600_000), to: now };
}

/** The moments that the API's form of a range meant when it was answered. @param now the service's clock then */
export function momentsOf(
  { last, from, to }: { readonly [end in "last" | "from" | "to"]?: string | null | undefined },
  now: number,
): { readonly from: number; readonly to: number } {
  if (last != null) return rangeAt({ kind: "last", last }, now);
  return { from: from == null ? now : Date.parse(from), to: to == null ? now : Date.parse(to) };
}

/** As it is to be shared: a range that moves is pinned where it is, to whole seconds. */
export function pinned(state: ViewState, now: number): ViewState {
  const { from, to } = rangeAt(state.range, Math.floor(now / 1_000) * 1_000);
  return { ...state, range: { kind: "pinned", from, to } };
}

/** The range that a drag over a plot asks for, widened to what can be shown; null for one that is no stretch. */
export function zoomed(from: number, to: number): Range | null {
  if (!(to > from)) return null;
  const middle = (from + to) / 2;
  const half = Math.max((to - from) / 2, RANGE_MIN_MS * 2.5);
  return { kind: "pinned", from: Math.round(middle - half), to: Math.round(middle + half) };
}

/** Longer ranges are read from hours, of which there are few, in whatever size of fleet. */
const FINE_MS = 26 * 3_600_000;

/** The step of a fleet's series over a range; null where the API's own choice is as good. */
export function stepOf(range: Range): string | null {
  const { from, to } = rangeAt(range, 0);
  return to - from > FINE_MS ? "1h" : null;
}

/** The API's form of a range. */
export function rangeInput(
  range: Range,
): { readonly last: string } | { readonly from: string; readonly to: string } {
  return range.kind === "last"
    ? { last: range.last }
    : { from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString() };
}
