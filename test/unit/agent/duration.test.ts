import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../agent/duration.ts";

test.each([
  ["500ms", 500],
  ["10s", 10_000],
  ["1.5s", 1_500],
  ["1m", 60_000],
  ["1h", 3_600_000],
  ["10", null],
  ["s", null],
  ["-1s", null],
  ["10 s", null],
  ["1d", null],
  ["", null],
])("%s is %s ms", (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

test("any text is a number of milliseconds or null", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const ms = parseDuration(text);
      expect(ms === null || (Number.isSafeInteger(ms) && ms >= 0)).toBe(true);
    }),
  );
});

test.each([
  [100, "100ms"],
  [10_000, "10s"],
  [1_500, "1.5s"],
  [3_600_000, "60m"],
])("%d ms is written %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
