import { expect, test } from "vitest";
import { parseValues } from "../../../src/ingest/snapshots/values.ts";

test("numbers, strings above 2^53 and absent values are taken", () => {
  expect(parseValues([0, 7, "18446744073709551615", "5", null])).toEqual({
    counts: [0, 7, 18_446_744_073_709_551_615n, 5, null],
  });
});

test.each([
  ["below zero", -1, "BAD_VALUE", /-1 is not a counter/],
  ["a fraction", 1.5, "BAD_VALUE", /1.5 is not a counter/],
  ["above 2^64-1", "18446744073709551616", "BAD_VALUE", /18446744073709551616/],
  ["a JSON number that has lost digits", 9_007_199_254_740_992, "UNSAFE_NUMBER", /as a decimal string/],
  ["a word", "many", "BAD_VALUE", /many/],
  ["an object", {}, "BAD_VALUE", /object is not a counter/],
  ["true", true, "BAD_VALUE", /boolean is not a counter/],
])("%s is refused by its place", (_name, value, code, message) => {
  const result = parseValues([1, value]);
  expect(result).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(result).toMatchObject({ message: expect.stringContaining("values[1]") });
});
