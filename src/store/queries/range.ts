import { SpillwayError } from "../../errors.ts";
import { formatDuration } from "../../protocol/duration.ts";

/** Points of one series at most, as Prometheus has it. */
export const POINTS_MAX = 11_000;

/** Values of one answer at most, all its series together. */
export const VALUES_MAX = 1_000_000;

/** A span of time, ms since 1970; `from` is outside of it, `to` within, as an increase belongs to its later snapshot. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Equal steps over a range, aligned to multiples of the step since 1970. */
export interface Grid {
  readonly start: number;
  readonly stepMs: number;
  readonly length: number;
}

const NICE_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400,
].map((seconds) => seconds * 1000);

/** A usual step is taken that is up to so many times what is wanted. */
const NICE_RATIO = 2.5;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * A step of whole `finestMs` that gives at most `points` over a range, and not many fewer: `finestMs` itself where it
 * does, or else a usual step where one is near.
 */
export function niceStep(range: Range, points: number, finestMs: number): number {
  const wanted = (range.to - range.from) / points;
  if (wanted <= finestMs) return finestMs;
  const nice = NICE_STEPS.find((step) => step >= wanted && step % finestMs === 0);
  if (nice !== undefined && nice <= NICE_RATIO * wanted) return nice;
  // Hosts have intervals such as 7 or 45 s, of which hardly a usual step is a multiple. What is read from hours stays so.
  const unit = wanted >= DAY_MS ? DAY_MS : wanted >= HOUR_MS && HOUR_MS % finestMs === 0 ? HOUR_MS : finestMs;
  return Math.ceil(wanted / unit) * unit;
}

/** @throws LIMIT_EXCEEDED, naming the step that fits, when there would be more than POINTS_MAX points */
export function gridOf(range: Range, stepMs: number): Grid {
  const start = Math.floor(range.from / stepMs) * stepMs;
  const length = Math.max(1, Math.ceil((range.to - start) / stepMs));
  if (length > POINTS_MAX) {
    throw new SpillwayError(
      "LIMIT_EXCEEDED",
      `a step of ${formatDuration(stepMs)} gives ${length} points; at most ${POINTS_MAX} are given: ` +
        `ask for a step of ${formatDuration(niceStep(range, POINTS_MAX - 1, 1000))} or more`,
    );
  }
  return { start, stepMs, length };
}

/** @throws LIMIT_EXCEEDED, naming the step that fits, when so many series would have more than VALUES_MAX values */
export function requireValues(series: number, range: Range, { stepMs, length }: Grid): void {
  if (series * length <= VALUES_MAX) return;
  const points = Math.floor(VALUES_MAX / series);
  const remedy =
    points < 2
      ? "group by fewer labels"
      : `ask for a step of ${formatDuration(niceStep(range, points - 1, 60_000))} or more, or group by fewer labels`;
  throw new SpillwayError(
    "LIMIT_EXCEEDED",
    `${series} series in steps of ${formatDuration(stepMs)} have ${series * length} values; ` +
      `at most ${VALUES_MAX} are given at once: ${remedy}`,
  );
}
