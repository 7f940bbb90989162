import { expect, test } from "vitest";
import { type Held, leaksOf, trendOf } from "../../faults/kit/memory.ts";

const MINUTE_MS = 60_000;

/** A reading every ten seconds of an hour. */
const readings = (mb: (minute: number) => number): Held[] =>
  Array.from({ length: 361 }, (_, index) => ({ atMs: index * 10_000, mb: mb(index / 6) }));

test("a heap that fills, is collected, and fills again is flat", () => {
  const saw = trendOf(readings((minute) => 150 + 40 * (minute % 1)));
  expect(saw).toMatchObject({ minutes: 60 });
  expect(Math.abs(saw?.slopeMbPerHour ?? Number.NaN)).toBeLessThan(1);
  expect(saw?.after).toBeCloseTo(saw?.before ?? 0, 0);
});

test("a leak below the saw is seen, in MB an hour", () => {
  const saw = trendOf(readings((minute) => 150 + 40 * (minute % 1) + 1.5 * minute));
  expect(saw?.slopeMbPerHour).toBeCloseTo(90, -1);
  const grown = (saw?.after ?? 0) - (saw?.before ?? 0);
  expect(grown).toBeGreaterThan(40);
  expect(grown).toBeLessThan(50);
});

test("what is filled while it warms up is no leak", () => {
  const saw = trendOf(readings((minute) => Math.min(200, 100 + 10 * minute)));
  expect(saw).toEqual({ before: 200, after: 200, slopeMbPerHour: 0, minutes: 60 });
});

test.each([[[]], [readings(() => 100).filter(({ atMs }) => atMs < 29 * MINUTE_MS)]])(
  "of less than half an hour nothing is said",
  (few) => {
    expect(trendOf(few)).toBeNull();
  },
);

test("a role that grows by more than a quarter is a violation, by name; one that grows by less is none", () => {
  const held = new Map([
    ["serve", readings((minute) => 200 + minute)],
    ["work", readings((minute) => 200 + 3 * minute)],
    ["short", readings((minute) => 10 * minute).filter(({ atMs }) => atMs < 20 * MINUTE_MS)],
  ]);
  expect(leaksOf(held)).toEqual([{ invariant: "I9", what: "a work grew from 268 to 358 MB in 60 minutes" }]);
});
