/** Series of the API as columns of a plot. Pure. */
import { parseSpan } from "../format/times.ts";

/** @returns seconds since 1970 of the begin of each step */
export function stepTimes(start: string, step: string, count: number): number[] {
  const first = Date.parse(start) / 1_000;
  const seconds = (parseSpan(step) ?? 60_000) / 1_000;
  return Array.from({ length: count }, (_, index) => first + index * seconds);
}

/** Each series on top of those before it; what is not known adds nothing, and is a hole where nothing is known. */
export function stacked(series: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const length = Math.max(0, ...series.map((values) => values.length));
  const sum = new Array<number>(length).fill(0);
  return series.map((values) =>
    Array.from({ length }, (_, index) => {
      const known = series.some((other) => other[index] !== null && other[index] !== undefined);
      sum[index] = (sum[index] ?? 0) + (values[index] ?? 0);
      return known ? (sum[index] ?? 0) : null;
    }),
  );
}

/**
 * What grew in each step as a rate. The step that is not over is reckoned over what has passed of it; before half of it
 * has, too little is in of it to tell.
 *
 * @param now ms since 1970
 */
export function perSecond(
  increases: readonly (number | null)[],
  start: string,
  step: string,
  now: number,
): (number | null)[] {
  const stepMs = parseSpan(step) ?? 60_000;
  const first = Date.parse(start);
  return increases.map((increase, index) => {
    const passedMs = Math.min(stepMs, now - (first + index * stepMs));
    return increase === null || passedMs < stepMs / 2 ? null : (increase * 1_000) / passedMs;
  });
}

/** The most of a series and where, for a sentence about it; null when nothing is known. */
export function peakOf(
  values: readonly (number | null)[],
): { readonly index: number; readonly value: number } | null {
  let peak: { index: number; value: number } | null = null;
  values.forEach((value, index) => {
    if (value !== null && (peak === null || value > peak.value)) peak = { index, value };
  });
  return peak;
}
