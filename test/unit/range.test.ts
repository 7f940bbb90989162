import { expect, test } from "vitest";
import { gridOf, niceStep, requireValues } from "../../src/store/queries/range.ts";
import { partsOf } from "../../src/store/queries/steps.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  ["an hour at 10 s", HOUR, 10_000, 30_000],
  ["a day in minutes", DAY, MINUTE, 5 * MINUTE],
  ["an interval that divides no usual step", HOUR, 7_000, 14_000],
  ["an hour at an interval that divides few usual steps", HOUR, 45_000, 45_000],
  ["six hours of it", 6 * HOUR, 45_000, 90_000],
  ["a week of it", 7 * DAY, 45_000, 3_600_000],
  ["most of a month in minutes, which is read from hours", 26 * DAY, MINUTE, 3 * HOUR],
  ["a third of a second", 100_000, 333, 666],
  ["a year", 365 * DAY, MINUTE, 2 * DAY],
])("%s: %d ms at an interval of %d ms is best shown in steps of %d ms", (_name, length, finest, expected) => {
  expect(niceStep({ from: 0, to: length }, 300, finest)).toBe(expected);
});

test("a grid begins at a multiple of its step and covers the range", () => {
  expect(gridOf({ from: 7 * MINUTE, to: 21 * MINUTE }, 5 * MINUTE)).toEqual({
    start: 5 * MINUTE,
    stepMs: 5 * MINUTE,
    length: 4,
  });
});

test.each([MINUTE, 5 * MINUTE, 7 * MINUTE, 2 * HOUR, DAY])(
  "parts for steps of %d ms are of whole steps",
  (stepMs) => {
    const range = { from: 13 * MINUTE, to: 3 * DAY + 17 * MINUTE };
    const parts = [...partsOf(range, { start: 0, stepMs }, HOUR)];
    expect([parts[0]?.from, parts.at(-1)?.to]).toEqual([range.from, range.to]);
    for (const [index, part] of parts.entries()) {
      expect(part.from).toBeLessThan(part.to);
      if (index > 0) expect([part.from % stepMs, part.from]).toEqual([0, parts[index - 1]?.to]);
    }
  },
);

test("more values than an answer may have are refused with a step that fits", () => {
  const range = { from: 0, to: 7 * 86_400_000 };
  const grid = gridOf(range, 60_000);
  expect(() => requireValues(3, range, grid)).not.toThrow();
  expect(() => requireValues(500, range, grid)).toThrow(/500 series .* ask for a step of 10m or more/);
});
