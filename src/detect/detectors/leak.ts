import type { Flag } from "../flag.ts";
import { residual } from "../residual.ts";
import { clock, percent, plain } from "../words.ts";

/** Open connections of one hour, and the connections that came in it. */
export interface LeakHour {
  /** The fewest that were open at once; null for an hour that nothing is known of. */
  readonly lowest: number | null;
  /** How many are usual at this hour; more than 0. */
  readonly usual: number;
  /** What PassiveOpens grew by, and by what is usual; null where either is not known. */
  readonly arrivals: { readonly count: number; readonly usual: number } | null;
}

export interface LeakInput {
  /** Without a gap, the newest last; `LEAK_HOURS` of them are looked at. */
  readonly hours: readonly LeakHour[];
  /** The end of the newest, ms since 1970. */
  readonly to: number;
  /** Of the arrivals of a minute. */
  readonly dispersion: number;
}

/** A day to find a rise in, and half a day for which it is held on to. */
export const LEAK_HOURS = 36;
const HELD_HOURS = 12;
const HOUR_MS = 3_600_000;

/** So many hours, each above the one before, are a rise where it is far more than the hours before differed by. */
const STEEP_HOURS = 6;
const STEEP_SIGMAS = 6;
const QUIET_HOURS = 18;
const DIFFERENCES_MIN = 8;
/** Of the 276 pairs of hours of a day so many may be the wrong way round: 5.5 standard deviations from chance. */
const DAY_HOURS = 24;
const FALLS_MAX = 27;

const RISE_SHARE = 0.2;
const RISE_MIN = 50;
const FLAT_Z = 3;
/** Makes the median distance comparable to a standard deviation. */
const MAD_SCALE = 0.6745;

/** A rise between two hours, by their places. */
interface Rise {
  readonly first: number;
  readonly last: number;
}

/**
 * The slow leak: the hourly minima of open connections have risen by 20 % and by 50 beyond what the hours of the day
 * explain, while no more connections came than usual. What is opened and never closed lifts the minimum; a busy hour
 * lifts only the peak. Six hours are enough where they differ little otherwise, a day where they do not.
 *
 * Six rising hours alone, 20 % apart, are chance three times in a week of a host whose load goes up and down by 10 %;
 * by these rules it is eight times in the 3,072 host-weeks of the corpus in which nothing leaks, and a leak of 5 % to
 * 10 % an hour is found after 16 h in the middle.
 *
 * It lasts until the minimum has come down by half, for half a day at most: an hour that fell ends no leak.
 */
export function judgeLeak({ hours: all, to, dispersion }: LeakInput): Flag | null {
  const hours = all.slice(-LEAK_HOURS);
  const now = hours.at(-1);
  if (now === undefined) return null;
  const { usual } = now;
  // As if every hour were as busy as this one.
  const minima = hours.map((hour) => (hour.lowest === null ? null : (hour.lowest / hour.usual) * usual));
  const rise = newestRise(minima);
  if (rise === null) return null;
  const during = hours.slice(rise.first);
  if (cameMore(during, dispersion)) return null;
  const expected = minima[rise.first] as number;
  const observed = hours.findLast(({ lowest }) => lowest !== null)?.lowest as number;
  const first = during[0]?.lowest as number;
  const from = to - during.length * HOUR_MS;
  const share =
    expected === 0 ? "" : `, ${percent((observed - expected) / expected)} above what follows from the hour`;
  return {
    detector: "leak",
    series: "TcpCurrEstab",
    from,
    to,
    observed,
    expected,
    low: 0,
    high: expected + leastOf(expected),
    z: (FLAT_Z * (observed - expected)) / leastOf(expected),
    share: null,
    text: `The fewest connections open at once in an hour rose since ${clock(from)} from ${plain(first)} to ${plain(observed)}${share}, and no more came than usual: connections are opened and not closed.`,
  };
}

/** The newest rise that still holds; null where there is none. */
function newestRise(minima: readonly (number | null)[]): Rise | null {
  const end = minima.length - 1;
  for (let last = end; last >= Math.max(0, end - HELD_HOURS); last--) {
    const rise = steepRise(minima, last) ?? dayLongRise(minima, last);
    if (rise === null) continue;
    const [low, high] = [minima[rise.first] as number, minima[last] as number];
    const held = minima.slice(last).every((value) => value === null || value >= (low + high) / 2);
    if (held) return rise;
  }
  return null;
}

/** Hour by hour, and by more than such hours differ by. */
function steepRise(minima: readonly (number | null)[], last: number): Rise | null {
  const first = last - STEEP_HOURS + 1;
  if (first < 0 || !isRise(minima, first, last) || fallsOf(minima.slice(first, last + 1)) !== 0) return null;
  const sigma = noiseOf(minima.slice(Math.max(0, first - QUIET_HOURS), first + 1));
  const height = (minima[last] as number) - (minima[first] as number);
  return sigma !== null && height >= STEEP_SIGMAS * sigma ? { first, last } : null;
}

/** Nearly every hour of a day above nearly every one before it: the test of Mann and Kendall. */
function dayLongRise(minima: readonly (number | null)[], last: number): Rise | null {
  const first = last - DAY_HOURS + 1;
  if (first < 0 || !isRise(minima, first, last)) return null;
  const falls = fallsOf(minima.slice(first, last + 1));
  return falls !== null && falls <= FALLS_MAX ? { first, last } : null;
}

function isRise(minima: readonly (number | null)[], first: number, last: number): boolean {
  const [low, high] = [minima[first] ?? null, minima[last] ?? null];
  return low !== null && high !== null && high - low >= leastOf(low);
}

/** A rise by less is none. */
function leastOf(first: number): number {
  return Math.max(RISE_MIN, RISE_SHARE * first);
}

/** Pairs of hours of which the later one is not above the earlier; null where an hour is not known. */
function fallsOf(minima: readonly (number | null)[]): number | null {
  let falls = 0;
  for (const [place, later] of minima.entries()) {
    if (later === null) return null;
    for (const earlier of minima.slice(0, place)) if ((earlier as number) >= later) falls++;
  }
  return falls;
}

/** By how much an hour differs from the next, as the standard deviation of each; null where few are known. */
function noiseOf(minima: readonly (number | null)[]): number | null {
  const differences = minima.flatMap((value, place) => {
    const before = minima[place - 1] ?? null;
    return value === null || before === null ? [] : [Math.abs(value - before)];
  });
  if (differences.length < DIFFERENCES_MIN) return null;
  differences.sort((a, b) => a - b);
  return (differences[differences.length >> 1] as number) / MAD_SCALE / Math.SQRT2;
}

/** Whether more connections came than are usual: then it is growth, and no leak. */
function cameMore(hours: readonly LeakHour[], dispersion: number): boolean {
  const known = hours.flatMap(({ arrivals }) => arrivals ?? []);
  if (known.length === 0) return false;
  const [count, usual] = known.reduce(([c, u], one) => [c + one.count, u + one.usual], [0, 0]);
  // The hours are about independent of each other, the minutes of one are not.
  return residual(count, usual, dispersion / known.length) >= FLAT_Z;
}
