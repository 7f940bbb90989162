import { describe, expect, test } from "vitest";
import { judgeLeak, type LeakHour } from "../../../../src/detect/detectors/leak.ts";

const HOUR_MS = 3_600_000;
const AS_USUAL = { count: 6_000, usual: 6_000 };
/** A load that differs by 2 % from hour to hour. */
const QUIET = Array.from({ length: 18 }, (_, hour) => 1_000 + (hour % 2) * 20);
const LEAKING = [1_000, 1_100, 1_200, 1_300, 1_400, 1_500];

function judged(
  lowest: readonly (number | null)[],
  more: { usual?: readonly number[]; arrivals?: LeakHour["arrivals"] } = {},
) {
  const { usual = [], arrivals = AS_USUAL } = more;
  const hours = lowest.map((value, hour) => ({ lowest: value, usual: usual[hour] ?? 1_000, arrivals }));
  return judgeLeak({ hours, to: lowest.length * HOUR_MS, dispersion: 0.05 });
}

describe("six hours", () => {
  test.each([
    ["that rise by 10 % each", LEAKING, true],
    ["of which one fell", [1_000, 1_100, 1_050, 1_300, 1_400, 1_500], false],
    ["of which one stood still", [1_000, 1_100, 1_100, 1_300, 1_400, 1_500], false],
    ["of which one is not known", [1_000, 1_100, null, 1_300, 1_400, 1_500], false],
    ["that rise by less than 20 %", [1_000, 1_010, 1_020, 1_030, 1_040, 1_190], false],
    ["of which five rise", LEAKING.slice(1).map((value) => value - 100), false],
  ])("%s", (_name, minima, leaks) => {
    expect(judged([...QUIET, ...minima]) !== null).toBe(leaks);
  });

  test("are too few where nothing is known of the hours before", () => {
    expect(judged(LEAKING)).toBeNull();
  });

  test("are too few where hours differ as much otherwise", () => {
    const uneven = QUIET.map((value, hour) => value + (hour % 2) * 150);
    expect(judged([...uneven, ...LEAKING])).toBeNull();
  });

  test("that rise by less than 50 connections", () => {
    const few = QUIET.map(() => 10);
    expect(judged([...few, 10, 20, 25, 30, 40, 59])).toBeNull();
    expect(judged([...few.map(() => 0), 0, 20, 30, 40, 50, 60])).not.toBeNull();
  });
});

describe("a day", () => {
  /** 5 % an hour, on hours that differ by 10 %. */
  const slow = Array.from({ length: 24 }, (_, hour) => 1_000 + 50 * hour + (hour % 2) * 100);
  test("of a slow leak, though every other hour falls", () => {
    expect(judged(slow)).not.toBeNull();
  });
  test("of which an hour is not known", () => {
    expect(judged(slow.map((value, hour) => (hour === 12 ? null : value)))).toBeNull();
  });
  test("that goes up and down as every day", () => {
    const day = Array.from({ length: 36 }, (_, hour) => 1_000 + 500 * Math.sin((hour / 24) * 2 * Math.PI));
    expect(judged(day, { usual: day })).toBeNull();
    // What is left when the busy hours are taken off.
    const usual = day.slice(0, 24);
    expect(
      judged(
        usual.map((value, hour) => (value * (1_000 + 40 * hour)) / 1_000),
        { usual },
      ),
    ).not.toBeNull();
  });
});

describe("what came", () => {
  test.each([
    ["more than usual: it grows", { count: 9_000, usual: 6_000 }, false],
    ["fewer than usual", { count: 3_000, usual: 6_000 }, true],
    ["nobody knows", null, true],
  ])("%s", (_name, arrivals, leaks) => {
    expect(judged([...QUIET, ...LEAKING], { arrivals }) !== null).toBe(leaks);
  });
});

describe("a leak that was found", () => {
  const before = [...QUIET, ...LEAKING];
  test.each([
    ["lasts while an hour falls a little", [1_450, 1_480], true],
    ["lasts while nothing is known", [null], true],
    ["is over when what was open is closed", [1_020], false],
    ["is found again no longer than half a day", Array.from({ length: 13 }, () => 1_500), false],
  ])("%s", (_name, after, lasts) => {
    expect(judged([...before, ...after]) !== null).toBe(lasts);
  });

  test("is told with its numbers", () => {
    const flag = judged(before);
    expect(flag).toMatchObject({
      detector: "leak",
      series: "TcpCurrEstab",
      from: 18 * HOUR_MS,
      to: 24 * HOUR_MS,
      observed: 1_500,
      expected: 1_000,
      high: 1_200,
    });
    expect(flag?.text).toMatch(/rose since 1970-01-01 18:00 UTC from 1,000 to 1,500, 50 % above/);
  });
});
