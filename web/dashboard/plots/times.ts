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

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Of a series of increases, what its steps were asked for with. */
export interface Asked {
  readonly start: string;
  readonly step: string;
  /** ms since 1970; of the minutes that it touches the service counts everything. */
  readonly range: { readonly from: number; readonly to: number };
  /** The service's clock when it answered, ms since 1970. */
  readonly now: number;
}

/**
 * What grew in each step as a rate. A step of which the range, or what has passed, has a part is reckoned over that part;
 * where that is less than a half of it, too little is in of it to tell. So it is of steps of an hour or more that the range
 * cuts: of long ago there are only whole hours, and what lies outside of the range is in them.
 */
export function perSecond(
  increases: readonly (number | null)[],
  { start, step, range, now }: Asked,
): (number | null)[] {
  const stepMs = parseSpan(step) ?? MINUTE_MS;
  const first = Date.parse(start);
  const from = Math.floor(range.from / MINUTE_MS) * MINUTE_MS;
  const to = Math.ceil(range.to / MINUTE_MS) * MINUTE_MS;
  return increases.map((increase, index) => {
    const begin = first + index * stepMs;
    const end = Math.min(begin + stepMs, now);
    const partMs = Math.min(end, to) - Math.max(begin, from);
    const isCut = begin < from || end > to;
    const tooLittle = partMs < stepMs / 2 || (stepMs >= HOUR_MS && isCut);
    return increase === null || tooLittle ? null : (increase * 1_000) / partMs;
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
