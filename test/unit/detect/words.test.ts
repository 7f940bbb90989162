import { expect, test } from "vitest";
import { fleetWideFrom, isFleetWide } from "../../../src/detect/fleet-wide.ts";
import { clock, listed, percent, plain, several, span } from "../../../src/detect/words.ts";

test.each([
  [0, "0"],
  [0.0033333, "0.00333"],
  [12.345, "12.3"],
  [99.96, "100"],
  [614, "614"],
  [4049.4, "4,049"],
  [1234567, "1,234,567"],
  [-1234567, "-1,234,567"],
  [2 ** 70, "1,180,591,620,717,411,303,424"],
])("%d is %s", (value, words) => {
  expect(plain(value)).toBe(words);
});

test.each([
  [0.564, "56 %"],
  [0.0412, "4.1 %"],
  [0.00052, "0.052 %"],
  [1, "100 %"],
  [0, "0 %"],
])("a share of %d is %s", (share, words) => {
  expect(percent(share)).toBe(words);
});

test.each([
  [10_000, "10 s"],
  [89_000, "89 s"],
  [120_000, "2 min"],
  [9_000_000, "2.5 h"],
  [345_600_000, "4 d"],
])("%d ms are %s", (ms, words) => {
  expect(span(ms)).toBe(words);
});

test("times, numbers of things and lists", () => {
  expect(clock(Date.UTC(2026, 10, 22, 10, 42, 59))).toBe("2026-11-22 10:42 UTC");
  expect([several(1, "host"), several(3, "host")]).toEqual(["1 host", "3 hosts"]);
  expect([listed([]), listed(["a"]), listed(["a", "b", "c"])]).toEqual(["", "a", "a, b and c"]);
});

test("a fleet's event takes 20 % and five hosts", () => {
  expect([5, 20, 25, 35, 100].map(fleetWideFrom)).toEqual([5, 5, 5, 7, 20]);
  expect([isFleetWide(4, 4), isFleetWide(19, 100), isFleetWide(20, 100)]).toEqual([false, false, true]);
});
