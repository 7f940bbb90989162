import fc from "fast-check";
import { expect, test } from "vitest";
import { settledTimes, timesOf, windowGrid } from "../../../../src/rest/prometheus/times.ts";

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 10, 26, 12);

test("a day at steps of an hour reads windows of five minutes in cells of five minutes", () => {
  const { grid, width, endOf } = windowGrid(timesOf(NOON, NOON + 24 * 60 * MINUTE, 60 * MINUTE), 5 * MINUTE);
  expect(grid).toMatchObject({ start: NOON - 5 * MINUTE, stepMs: 5 * MINUTE });
  expect(width).toBe(1);
  expect(endOf(1)).toBe(13);
});

test("steps that cut minutes are read in minutes", () => {
  const { grid, width, endOf } = windowGrid(timesOf(NOON + 7_000, NOON + 5 * MINUTE, 15_000), 90_000);
  expect(grid).toMatchObject({ start: NOON - 2 * MINUTE, stepMs: MINUTE });
  expect(width).toBe(2);
  expect([0, 3, 4].map(endOf)).toEqual([2, 2, 3]);
});

test("a window of a month before one time is one cell, at whatever minute of the clock", () => {
  const at = NOON + 7 * MINUTE;
  const { range, grid, width, endOf } = windowGrid(timesOf(at + 3_000, at + 3_000, 1), 43_200 * MINUTE);
  expect(range).toEqual({ from: at - 43_200 * MINUTE, to: at });
  expect(grid).toEqual({ start: range.from, stepMs: 43_200 * MINUTE, length: 1 });
  expect([width, endOf(0)]).toEqual([1, 1]);
});

test("a window of minutes before one time is read in minutes, however long ago that is", () => {
  const { grid, width, endOf } = windowGrid(timesOf(NOON, NOON, 1), 5 * MINUTE);
  expect(grid).toEqual({ start: NOON - 5 * MINUTE, stepMs: MINUTE, length: 5 });
  expect([width, endOf(0)]).toEqual([5, 5]);
});

test("one time that is now is read where each minute that is over is rolled up; any other as it is", () => {
  const at = (time: number, now: number) => settledTimes(timesOf(time, time, 1), now).start;
  expect(at(NOON, NOON)).toBe(NOON - 10_000);
  expect(at(NOON + 2_000, NOON)).toBe(NOON - 10_000);
  expect(at(NOON - 11_000, NOON)).toBe(NOON - 11_000);
  expect(at(NOON + 60 * MINUTE, NOON)).toBe(NOON + 60 * MINUTE);
  const course = timesOf(NOON - MINUTE, NOON, 15_000);
  expect(settledTimes(course, NOON)).toBe(course);
});

test("a range of more than 11,000 points, one that is empty, and one that is read in too many cells are refused", () => {
  expect(() => timesOf(NOON, NOON + 11_001 * MINUTE, MINUTE)).toThrow(/11002 points; at most 11000/);
  expect(() => timesOf(NOON, NOON - 1, MINUTE)).toThrow(/the end is before the start/);
  const year = timesOf(NOON, NOON + 365 * 1_440 * MINUTE, 1_440 * MINUTE);
  expect(() => windowGrid(year, 5 * MINUTE)).toThrow(/at most 11000/);
});

test("each window is the whole minutes before its time, whatever the start, step and window", () => {
  fc.assert(
    fc.property(
      fc.nat(10_000_000),
      fc.integer({ min: 1, max: 10_000_000 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 10_000_000 }),
      (offset, stepMs, points, windowMs) => {
        const start = NOON + offset;
        const times = timesOf(start, start + (points - 1) * stepMs, stepMs);
        const { range, grid, width, endOf } = windowGrid(times, windowMs);
        const window = Math.ceil(windowMs / MINUTE) * MINUTE;
        expect(grid.start).toBe(range.from);
        expect(width * grid.stepMs).toBe(window);
        for (let time = 0; time < times.length; time++) {
          const end = Math.floor((start + time * stepMs) / MINUTE) * MINUTE;
          expect(grid.start + endOf(time) * grid.stepMs).toBe(end);
          expect(endOf(time) - width).toBeGreaterThanOrEqual(0);
          expect(endOf(time)).toBeLessThanOrEqual(grid.length);
        }
      },
    ),
  );
});
