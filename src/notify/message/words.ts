/** Shares, times and names as a person reads them at night: the same on every machine, in no locale. */
import type { Cause, LossShare, Severity } from "../../store/incidents/records.ts";

/** `56 %`, `0.4 %` */
export function shareWords(share: number): string {
  const value = share * 100;
  return `${value >= 10 ? Math.round(value) : Number(value.toPrecision(2))} %`;
}

/** `56 % of new connections (47 % to 90 %)`: the range only where it is one. */
export function lossWords({ share, low, high }: LossShare): string {
  const [from, to] = [shareWords(low), shareWords(high)];
  return `${shareWords(share)} of new connections${from === to ? "" : ` (${from} to ${to})`}`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** `45 s`, `7 min`, `3 h 20 min`, `2 d 4 h`: in the two largest units, seconds only below a minute. */
export function durationWords(ms: number): string {
  let rest = Math.max(0, ms < 60_000 ? ms : Math.floor(ms / 60_000) * 60_000);
  const words: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) words.push(`${count} ${unit}`);
    else if (words.length > 0) break;
  }
  return words.length === 0 ? "0 s" : words.slice(0, 2).join(" ");
}

/** `2026-11-22 10:42 UTC`; of a time that no calendar has, that. */
export function timeWords(at: number): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return "at an unknown time";
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `1 host`, `500 hosts` */
export function countWords(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `APPLICATION_STALLED` as `application stalled`. */
export function causeWords(cause: Cause): string {
  return cause.toLowerCase().replaceAll("_", " ").replace("syn ", "SYN ");
}

const BY_SEVERITY: Readonly<Record<Severity, number>> = { INFO: 0, MINOR: 1, MAJOR: 2, CRITICAL: 3 };

/** The worst of several; null of none. */
export function worstOf(severities: readonly Severity[]): Severity | null {
  return severities.reduce<Severity | null>(
    (worst, one) => (worst === null || BY_SEVERITY[one] > BY_SEVERITY[worst] ? one : worst),
    null,
  );
}
