import fc from "fast-check";
import { expect, test } from "vitest";
import { addCounts, parseCounter, subtractCounts, toCount } from "../../../src/protocol/count.ts";
import { formatDuration, parseDuration } from "../../../src/protocol/duration.ts";

const big = fc.bigInt(0n, 2n ** 70n);

test("sums and differences are those of integers, in the form that a count has", () => {
  fc.assert(
    fc.property(big, big, (a, b) => {
      const sum = addCounts(toCount(a), toCount(b));
      expect(sum).toBe(toCount(a + b));
      expect(subtractCounts(sum, toCount(b))).toBe(toCount(a));
    }),
  );
});

test("a difference below zero is refused", () => {
  expect(() => subtractCounts(1, 2)).toThrow(RangeError);
  expect(() => subtractCounts(2n ** 60n, 2n ** 61n)).toThrow(RangeError);
});

test.each([
  ["0", 0],
  ["9007199254740991", 9_007_199_254_740_991],
  ["9007199254740992", 9_007_199_254_740_992n],
  ["18446744073709551615", 18_446_744_073_709_551_615n],
  ["18446744073709551616", null],
  ["99999999999999999999", null],
  ["-1", null],
  ["1.5", null],
  ["", null],
  [" 1", null],
  ["1e3", null],
])("the counter %j reads as %s", (text, expected) => {
  expect(parseCounter(text)).toBe(expected);
});

test.each([
  ["500ms", 500, "500ms"],
  ["10s", 10_000, "10s"],
  ["1.5m", 90_000, "90s"],
  ["60m", 3_600_000, "1h"],
  ["7d", 604_800_000, "7d"],
  ["4w", 2_419_200_000, "28d"],
])("the span %s is %d ms and reads %s", (text, ms, formatted) => {
  expect(parseDuration(text)).toBe(ms);
  expect(formatDuration(ms)).toBe(formatted);
});

test.each(["", "10", "s", "-1s", "1 s", "1y", "1.23456s"])("%j is not a span", (text) => {
  expect(parseDuration(text)).toBeNull();
});
