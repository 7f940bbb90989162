import { expect, test } from "vitest";
import { backoffCeilingMs, backoffMs } from "../../../agent/backoff.ts";

test.each([
  [1, 1_000],
  [2, 2_000],
  [3, 4_000],
  [6, 32_000],
  [7, 60_000],
  [1_000_000, 60_000],
])("after failure %d the wait is at most %d ms", (failures, ceiling) => {
  expect(backoffCeilingMs(failures)).toBe(ceiling);
  expect(backoffMs(failures, () => 0.999_999_9)).toBe(ceiling);
});

test("the whole of it is random, so that a fleet that failed together does not return together", () => {
  expect(backoffMs(3, () => 0)).toBe(0);
  expect(backoffMs(3, () => 0.25)).toBe(1_000);
});
