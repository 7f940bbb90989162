import { SpillwayError } from "../../errors.ts";
import { formatDuration } from "../../protocol/duration.ts";
import { type Grid, gridOf, POINTS_MAX, type Range } from "../../store/queries/range.ts";
import { HOUR_MS, MINUTE_MS } from "../../store/queries/resolution.ts";

/** The times of a question: `start`, and each `stepMs` after it up to `end`; ms since 1970. */
export interface Times {
  readonly start: number;
  readonly stepMs: number;
  readonly length: number;
}

/** @throws BAD_REQUEST for an end before the start, no step, or more points than Prometheus gives */
export function timesOf(start: number, end: number, stepMs: number): Times {
  if (end < start) {
    throw new SpillwayError(
      "BAD_REQUEST",
      "the end is before the start: give a range that ends after it begins",
    );
  }
  const length = Math.floor((end - start) / stepMs) + 1;
  if (length > POINTS_MAX) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `a step of ${formatDuration(stepMs)} gives ${length} points; at most ${POINTS_MAX} are given: ask for a longer step`,
    );
  }
  return { start, stepMs, length };
}

/** By then a minute that is over is rolled up. */
const ROLLED_UP_MS = 10_000;
/** A clock may be ahead of ours by so much, and mean now. */
const AHEAD_MS = 60_000;

/**
 * One time that is now, as it is read: a moment ago, before which every minute that is over is rolled up. Who asks at a
 * full minute, as rules of alerts are evaluated, would else have a window without its last minute.
 */
export function settledTimes(times: Times, now: number): Times {
  const { start, length } = times;
  const settled = now - ROLLED_UP_MS;
  return length === 1 && start > settled && start < now + AHEAD_MS ? { ...times, start: settled } : times;
}

/** The whole minutes that the windows of a question are read from. */
export interface WindowGrid {
  readonly range: Range;
  readonly grid: Grid;
  /** Cells that a window has. */
  readonly width: number;
  /** The cell after the last of each time's window. */
  readonly endOf: (time: number) => number;
}

/**
 * A window ends with the minute that is over at its time, and is of whole minutes: the finest that a fleet is kept at.
 * Cells are as large as fits into all windows, so that a month at steps of a day does not read minutes one by one. Of
 * one time its window is one cell, wherever it begins, unless it is shorter than an hour: a cell is read from the whole
 * hours that it cuts where their minutes are gone.
 *
 * @throws LIMIT_EXCEEDED for more cells than are read
 */
export function windowGrid({ start, stepMs, length }: Times, windowMs: number): WindowGrid {
  const window = Math.max(MINUTE_MS, Math.ceil(windowMs / MINUTE_MS) * MINUTE_MS);
  const first = floor(start, MINUTE_MS);
  const from = first - window;
  if (length === 1) {
    const cells = window < HOUR_MS ? window / MINUTE_MS : 1;
    const grid = { start: from, stepMs: window / cells, length: cells };
    return { range: { from, to: first }, grid, width: cells, endOf: () => cells };
  }
  const cell = stepMs % MINUTE_MS === 0 ? [window, first, stepMs].reduce(commonDivisor) : MINUTE_MS;
  const range = { from, to: floor(start + (length - 1) * stepMs, MINUTE_MS) };
  return {
    range,
    grid: gridOf(range, cell),
    width: window / cell,
    endOf: (time) => (floor(start + time * stepMs, MINUTE_MS) - from) / cell,
  };
}

function floor(time: number, unit: number): number {
  return Math.floor(time / unit) * unit;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
