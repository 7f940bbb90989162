import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stretchesOf } from "../../../src/incidents/maintenance.ts";
import { isActive } from "../../../src/incidents/silence-matching.ts";
import type { SilenceRecord } from "../../../src/store/incidents/silences.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Nights from Saturday to Sunday, when clocks of Berlin are changed. */
const NIGHTS = { days: ["SAT"], from: 23 * 60, to: 4 * 60, zone: "Europe/Berlin" } as const;

function maintenance(said: Partial<SilenceRecord> = {}): SilenceRecord {
  return {
    id: 1,
    matchers: [{ name: "role", op: "EQ", value: "db" }],
    from: Date.UTC(2026, 0),
    until: null,
    window: NIGHTS,
    maintenance: true,
    comment: "backups",
    createdBy: "ada",
    createdAt: 0,
    expiredAt: null,
    ...said,
  };
}

function told(silence: SilenceRecord, from: string, to: string): (readonly [string, string | null])[] {
  const iso = (time: number | null) =>
    time === null ? null : new Date(time).toISOString().slice(0, 16).concat("Z");
  return stretchesOf(silence, { from: Date.parse(from), to: Date.parse(to) }).map(
    ({ at, until }) => [iso(at) ?? "", iso(until)] as const,
  );
}

describe("a window that recurs", () => {
  test("is by the clocks: an hour shorter where they are put forward in it", () => {
    expect(told(maintenance(), "2026-03-20T00:00Z", "2026-04-05T00:00Z")).toEqual([
      ["2026-03-21T22:00Z", "2026-03-22T03:00Z"],
      ["2026-03-28T22:00Z", "2026-03-29T02:00Z"],
      ["2026-04-04T21:00Z", "2026-04-05T02:00Z"],
    ]);
  });

  test("an hour longer where they are put back in it", () => {
    expect(told(maintenance(), "2026-10-17T00:00Z", "2026-11-01T00:00Z")).toEqual([
      ["2026-10-17T21:00Z", "2026-10-18T02:00Z"],
      ["2026-10-24T21:00Z", "2026-10-25T03:00Z"],
      ["2026-10-31T22:00Z", "2026-11-01T03:00Z"],
    ]);
  });

  test("within the hour that clocks show twice comes twice", () => {
    const half = { days: ["SUN"], from: 130, to: 140, zone: "Europe/Berlin" } as const;
    expect(told(maintenance({ window: half }), "2026-10-25T00:00Z", "2026-10-26T00:00Z")).toEqual([
      ["2026-10-25T00:10Z", "2026-10-25T00:20Z"],
      ["2026-10-25T01:10Z", "2026-10-25T01:20Z"],
    ]);
  });

  test("begins with the range where it was on before, and ends when it does", () => {
    expect(told(maintenance(), "2026-06-06T22:00Z", "2026-06-06T23:00Z")).toEqual([
      ["2026-06-06T22:00Z", "2026-06-07T02:00Z"],
    ]);
  });

  test("ends with its silence, and when somebody ended it", () => {
    const expiredAt = Date.parse("2026-06-06T23:30Z");
    expect(told(maintenance({ expiredAt }), "2026-06-06T00:00Z", "2026-06-30T00:00Z")).toEqual([
      ["2026-06-06T21:00Z", "2026-06-06T23:30Z"],
    ]);
  });
});

test("a silence without a window is one stretch", () => {
  const once = maintenance({
    window: null,
    from: Date.parse("2026-06-01T08:00Z"),
    until: Date.parse("2026-06-01T09:00Z"),
  });
  expect(told(once, "2026-06-01T00:00Z", "2026-06-02T00:00Z")).toEqual([
    ["2026-06-01T08:00Z", "2026-06-01T09:00Z"],
  ]);
  expect(told(once, "2026-06-01T09:00Z", "2026-06-02T00:00Z")).toEqual([]);
  expect(told(once, "2026-05-31T00:00Z", "2026-06-01T08:00Z")).toEqual([]);
});

test("one that never changes has no end", () => {
  const always = {
    days: ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"],
    from: 0,
    to: 0,
    zone: "UTC",
  } as const;
  expect(told(maintenance({ window: always }), "2026-06-01T00:00Z", "2026-06-02T00:00Z")).toEqual([
    ["2026-06-01T00:00Z", null],
  ]);
});

test("a host is under maintenance exactly when the silence holds", () => {
  const minutes = fc.integer({ min: 0, max: 1_439 });
  fc.assert(
    fc.property(
      minutes,
      minutes,
      fc.constantFrom(Date.UTC(2026, 2, 28), Date.UTC(2026, 9, 24), Date.UTC(2026, 5, 6)),
      fc.option(fc.integer({ min: 1, max: 72 }), { nil: null }),
      (from, to, start, hours) => {
        const window = { days: ["SAT", "SUN"], from, to, zone: "Europe/Berlin" } as const;
        const until = hours === null ? null : start + hours * HOUR;
        const silence = maintenance({ window, from: start, until });
        const stretches = stretchesOf(silence, { from: start, to: start + 48 * HOUR });
        for (let at = start; at < start + 48 * HOUR; at += 10 * MINUTE) {
          const within = stretches.some((one) => at >= one.at && (one.until === null || at < one.until));
          expect(within).toBe(isActive(silence, at));
        }
      },
    ),
    { numRuns: 60 },
  );
});
