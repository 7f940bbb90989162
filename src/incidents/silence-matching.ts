/** Which silences hold what back: pure. Times are ms since 1970. */
import { labelPredicate } from "../store/host-filter.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import type { SilenceRecord } from "../store/incidents/silences.ts";
import type { Labels } from "../store/labels/effective.ts";
import { isWithin, nextChange } from "./recurring-window.ts";

/** What matchers of silences see of an incident: its labels, and above them `cause` and `severity`. */
export function matchedLabels({
  labels,
  cause,
  severity,
}: Pick<IncidentRecord, "labels" | "cause" | "severity">): Labels {
  return { ...labels, cause, severity };
}

/** Whether labels meet all matchers of a silence, whenever it holds. */
export function matchesLabels({ matchers }: Pick<SilenceRecord, "matchers">, labels: Labels): boolean {
  return labelPredicate(matchers)((name) => (Object.hasOwn(labels, name) ? (labels[name] ?? "") : ""));
}

/** When a silence ends for good: at its time, or when a person ended it; null for never. */
export function endOf({ until, expiredAt }: Pick<SilenceRecord, "until" | "expiredAt">): number | null {
  if (until === null || expiredAt === null) return until ?? expiredAt;
  return Math.min(until, expiredAt);
}

/** Whether a silence holds at a time. */
export function isActive(silence: SilenceRecord, time: number): boolean {
  const { from, window } = silence;
  if (time < from || time >= (endOf(silence) ?? Number.POSITIVE_INFINITY)) return false;
  return window === null || isWithin(window, time);
}

/** When a silence begins to hold next or, while it does, ceases to; null when it never changes again. */
export function changesAt(silence: SilenceRecord, time: number): number | null {
  const { from, window } = silence;
  const end = endOf(silence);
  if (end !== null && time >= end) return null;
  let at: number | null = time;
  if (time < from) {
    if (window === null || isWithin(window, from)) return from;
    at = from;
  }
  if (window === null) return end;
  at = nextChange(window, at);
  if (at !== null && (end === null || at < end)) return at;
  // Its window goes on, or comes again, only after the end.
  return isActive(silence, time) ? end : null;
}

/** The silences that hold an incident back at a time. */
export function silencesOf(
  incident: IncidentRecord,
  silences: readonly SilenceRecord[],
  time: number,
): SilenceRecord[] {
  const labels = matchedLabels(incident);
  return silences.filter((silence) => isActive(silence, time) && matchesLabels(silence, labels));
}
