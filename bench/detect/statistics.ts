import { randomOf } from "../../src/demo/random.ts";

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 1_000;

/**
 * The 95 % interval of a statistic, by the bootstrap: groups (the runs of one host) are drawn with replacement, since
 * runs of one host are alike.
 */
export function bootstrap<T>(
  groups: readonly T[],
  statistic: (drawn: readonly T[]) => number,
  seed: string,
): Bounds {
  const random = randomOf(seed);
  const values = Array.from({ length: RESAMPLES }, () =>
    statistic(groups.map(() => groups[Math.floor(random() * groups.length)] as T)),
  );
  values.sort((a, b) => a - b);
  return { low: quantile(values, 0.025), high: quantile(values, 0.975) };
}

/** By the nearest rank; not a number of nothing. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

/**
 * The rate below which the true one is with 95 %, when `events` were seen in `exposure`: the rule of three where none
 * was, and by Wilson and Hilferty's approximation of the Poisson bound otherwise.
 */
export function rateBound(events: number, exposure: number): number {
  if (events === 0) return 3 / exposure;
  const least = events + 1;
  return (least * (1 - 1 / (9 * least) + 1.645 / (3 * Math.sqrt(least))) ** 3) / exposure;
}
