import { expect, test } from "vitest";
import { fillOf } from "../../../../src/store/queries/listeners.ts";

test.each([
  ["a full one", 129, 128, 1],
  ["an empty one", 0, 128, 0],
  ["one that takes a single connection", 1, 0, 1],
  ["one whose queue was not seen", null, 128, 0],
  ["one whose limit was not seen", 50, null, null],
])("%s", (_name, acceptQueue, limit, fill) => {
  expect(fillOf({ acceptQueue, limit })).toBe(fill);
});
