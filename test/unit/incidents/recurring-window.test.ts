import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clockChangeBetween, isZone, timesOf, wallTimeAt } from "../../../src/incidents/local-time.ts";
import { isWithin, nextChange } from "../../../src/incidents/recurring-window.ts";
import { type RecurringWindow, WEEKDAYS } from "../../../src/store/incidents/silences.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Times at which clocks were or will be changed: forward, back, by half an hour, by a day. */
const CHANGES: readonly (readonly [zone: string, at: string])[] = [
  ["Europe/Berlin", "2026-03-29T01:00:00Z"],
  ["Europe/Berlin", "2026-10-25T01:00:00Z"],
  ["America/New_York", "2026-03-08T07:00:00Z"],
  ["America/New_York", "2026-11-01T06:00:00Z"],
  ["America/St_Johns", "2006-10-29T02:31:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30:00Z"],
  ["Africa/Cairo", "2026-04-23T22:00:00Z"],
  ["Africa/Casablanca", "2026-02-15T02:00:00Z"],
  ["Asia/Tehran", "2021-03-21T20:30:00Z"],
  ["America/Santiago", "2026-09-06T04:00:00Z"],
  ["Pacific/Apia", "2011-12-30T10:00:00Z"],
  ["Asia/Kathmandu", "2026-06-01T00:00:00Z"],
  ["UTC", "2026-06-01T00:00:00Z"],
];

/** What Intl writes of a time in a zone: the weekday and the minutes after midnight. */
function written(zone: string, time: number): { day: string; minute: number } {
  const format =
    writers.get(zone) ??
    new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  writers.set(zone, format);
  const [, day = "", hour, minute] = /^(\w{3}),? (\d\d):(\d\d)$/.exec(format.format(time)) ?? [];
  return { day: day.toUpperCase(), minute: Number(hour) * 60 + Number(minute) };
}
const writers = new Map<string, Intl.DateTimeFormat>();

/** The slow way: what is written of the minute. A window over midnight belongs to the day that it begins on. */
function slowlyWithin({ days, from, to, zone }: RecurringWindow, time: number): boolean {
  const { day, minute } = written(zone, time);
  const before = WEEKDAYS[((WEEKDAYS as readonly string[]).indexOf(day) + 6) % 7];
  const begins = (days as readonly string[]).includes(day);
  if (from < to) return begins && minute >= from && minute < to;
  return (begins && minute >= from) || (days.some((one) => one === before) && minute < to);
}

/** The slow way: one minute after the other. */
function slowlyNext(window: RecurringWindow, time: number): number | null {
  const now = slowlyWithin(window, time);
  for (let at = time + MINUTE; at <= time + 14 * DAY; at += MINUTE) {
    if (slowlyWithin(window, at) !== now) return at;
  }
  return null;
}

const minutes = fc.integer({ min: 0, max: 1439 });
/** Near a change of the clocks, on a whole minute, with windows that like the small hours. */
const nearChange = fc
  .record({
    change: fc.constantFrom(...CHANGES),
    minutesAfter: fc.integer({ min: -2 * 1440, max: 1440 }),
    days: fc.oneof(fc.constant([...WEEKDAYS]), fc.subarray([...WEEKDAYS], { minLength: 1 })),
    from: fc.oneof(fc.integer({ min: 0, max: 240 }), minutes),
    to: fc.oneof(fc.integer({ min: 0, max: 240 }), minutes),
  })
  .map(({ change: [zone, at], minutesAfter, ...window }) => ({
    window: { ...window, zone } satisfies RecurringWindow,
    time: Date.parse(at) + minutesAfter * MINUTE,
  }));

describe("a recurring window", () => {
  test("holds when the clocks say so, whatever is done to them", () => {
    fc.assert(
      fc.property(nearChange, ({ window, time }) => {
        for (let at = time; at < time + 360 * MINUTE; at += 7 * MINUTE) {
          expect(isWithin(window, at)).toBe(slowlyWithin(window, at));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("begins and ends on the minute at which a walk finds that it does", () => {
    fc.assert(
      fc.property(nearChange, ({ window, time }) => {
        expect(nextChange(window, time)).toBe(slowlyNext(window, time));
      }),
      { numRuns: 150 },
    );
  });

  const night = { days: ["SUN"], from: 120, to: 180, zone: "Europe/Berlin" } as const;
  const at = Date.parse;
  test.each([
    ["an hour by the clocks that does not come", { ...night }, "2026-03-28T12:00Z", "2026-04-05T00:00Z"],
    ["an hour by the clocks that comes twice begins", { ...night }, "2026-10-24T12:00Z", "2026-10-25T00:00Z"],
    ["and ends after two", { ...night }, "2026-10-25T00:30Z", "2026-10-25T02:00Z"],
    [
      "over midnight, from the day before",
      { ...night, from: 1380, to: 60 },
      "2026-06-07T22:30Z",
      "2026-06-07T23:00Z",
    ],
    ["all of a day", { ...night, from: 0, to: 0 }, "2026-06-06T22:00Z", "2026-06-07T22:00Z"],
  ])("%s", (_name, window, from, next) => {
    expect(nextChange(window, at(from))).toBe(at(next));
  });

  test("of all days and hours never changes", () => {
    const always = { days: [...WEEKDAYS], from: 300, to: 300, zone: "America/New_York" };
    expect(isWithin(always, 0)).toBe(true);
    expect(nextChange(always, Date.parse("2026-11-01T00:00Z"))).toBeNull();
  });
});

describe("the clocks of a zone", () => {
  test("show a time once, never, or twice", () => {
    const shown = (wall: string) =>
      timesOf("Europe/Berlin", Date.parse(`${wall}Z`)).map((time) => new Date(time).toISOString());
    expect(shown("2026-06-01T12:00")).toEqual(["2026-06-01T10:00:00.000Z"]);
    expect(shown("2026-03-29T02:30")).toEqual([]);
    expect(shown("2026-10-25T02:30")).toEqual(["2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"]);
  });

  test("show again what they showed at a time", () => {
    fc.assert(
      fc.property(nearChange, ({ window: { zone }, time }) => {
        expect(timesOf(zone, wallTimeAt(zone, time))).toContain(time);
      }),
    );
  });

  test("are changed when they are changed", () => {
    const change = Date.parse("2026-10-25T01:00Z");
    expect(clockChangeBetween("Europe/Berlin", change - DAY, change + 1)).toBe(change);
    expect(clockChangeBetween("Europe/Berlin", change, change + DAY)).toBeNull();
  });

  test.each([
    ["Europe/Berlin", true],
    ["UTC", true],
    ["Etc/GMT+5", true],
    ["America/Argentina/Buenos_Aires", true],
    ["+01:00", false],
    ["Mars/Olympus", false],
    ["", false],
    ["Europe/Berlin\0", false],
    ["a".repeat(70), false],
  ])("%j is a zone: %s", (name, expected) => expect(isZone(name)).toBe(expected));
});
