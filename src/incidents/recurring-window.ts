/** Recurring stretches of local time, as maintenance windows are: pure. All times are ms since 1970. */
import { type RecurringWindow, WEEKDAYS } from "../store/incidents/silences.ts";
import { clockChangeBetween, timesOf, wallTimeAt } from "./local-time.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DAY_MINUTES = 1_440;
/** In two weeks a window that ever begins has begun, also when clocks are put forward over one of its days. */
const DAYS_AHEAD = 15;

/**
 * Whether clocks of the window's zone show a time within it. It is the clocks that count, as with Alertmanager's
 * time intervals: where they are put forward over a part of the window it is so much shorter, and where they are
 * put back within it, so much longer.
 */
export function isWithin({ days, from, to, zone }: RecurringWindow, time: number): boolean {
  const wall = wallTimeAt(zone, time);
  const minute = Math.floor(wall / MINUTE_MS) % DAY_MINUTES;
  const beginsOn = (day: number) => days.includes(weekdayOf(day));
  const today = Math.floor(wall / DAY_MS);
  if (from < to) return beginsOn(today) && minute >= from && minute < to;
  return (beginsOn(today) && minute >= from) || (beginsOn(today - 1) && minute < to);
}

/** When the window begins next or, within it, ends; null when it is never otherwise than now. */
export function nextChange(window: RecurringWindow, time: number): number | null {
  const now = isWithin(window, time);
  return boundariesAfter(window, time).find((boundary) => isWithin(window, boundary) !== now) ?? null;
}

/** Every time in the next days at which the window can begin or end, in order: by the clocks, or as they are changed. */
function boundariesAfter({ from, to, zone }: RecurringWindow, time: number): number[] {
  const today = Math.floor(wallTimeAt(zone, time) / DAY_MS);
  const found: number[] = [];
  for (let day = 0; day <= DAYS_AHEAD; day++) {
    for (const minute of [from, to]) {
      found.push(...timesOf(zone, (today + day) * DAY_MS + minute * MINUTE_MS));
    }
    const changed = clockChangeBetween(zone, time + (day - 1) * DAY_MS, time + day * DAY_MS);
    if (changed !== null) found.push(changed);
  }
  return found.filter((boundary) => boundary > time).sort((a, b) => a - b);
}

/** @param day days since 1970-01-01, which was a Thursday */
function weekdayOf(day: number) {
  return WEEKDAYS[(((day + 3) % 7) + 7) % 7] ?? "MON";
}
