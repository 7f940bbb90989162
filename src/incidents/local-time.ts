/** Wall clocks: what a clock shows in a time zone, and when it shows it. All times are ms since 1970. */

/** A wall clock's reading, as the time at which a clock of UTC shows the same. */
export type WallTime = number;

const DAY_MS = 86_400_000;
/** Names come from people, in any case: those of all zones there are fit several times. */
const FORMATTERS_MAX = 2_000;
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Whether it is the name of a time zone of the IANA's; offsets as +01:00 are none. */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

/** What the clocks of a zone show at a time, to the second. */
export function wallTimeAt(zone: string, time: number): WallTime {
  const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of formatterOf(zone).formatToParts(time)) {
    if (type in parts) parts[type as keyof typeof parts] = Number(value);
  }
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
}

/** By how much clocks of a zone are ahead of UTC at a time, to the second. */
export function offsetAt(zone: string, time: number): number {
  return wallTimeAt(zone, time) - Math.floor(time / 1000) * 1000;
}

/**
 * When the clocks of a zone show a time: once as a rule, not at all when they are put forward over it, and twice
 * when they are put back. In order.
 */
export function timesOf(zone: string, wall: WallTime): number[] {
  // No zone is further than a day from UTC, and none is changed twice within two days.
  const offsets = new Set([offsetAt(zone, wall - DAY_MS), offsetAt(zone, wall + DAY_MS)]);
  return [...offsets]
    .map((offset) => wall - offset)
    .filter((time) => wallTimeAt(zone, time) === wall)
    .sort((a, b) => a - b);
}

/** When the clocks of a zone were or will be changed between two times at most two days apart; null when not. */
export function clockChangeBetween(zone: string, from: number, to: number): number | null {
  const before = offsetAt(zone, from);
  if (offsetAt(zone, to) === before) return null;
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** @throws RangeError for a zone that there is not */
function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  if (formatters.size >= FORMATTERS_MAX) formatters.clear();
  formatters.set(zone, formatter);
  return formatter;
}
