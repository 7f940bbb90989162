/** Below this a number is none: where nothing at all is expected, one event would be infinitely unlikely. */
const NOTHING = 1e-12;

/**
 * How far a count lies from what was expected, in standard deviations of a normal distribution: the signed root
 * of the deviance of a negative binomial with mean `mu` and variance `mu + dispersion * mu^2`, a Poisson where
 * the dispersion is 0. One formula from two events an hour to millions a minute.
 *
 * A threshold means what it says: the exact chance of a count as high as `x` is at most the normal tail at the
 * residual of `x - 1` (test/unit/detect/residual.test.ts, against sums of the distribution).
 *
 * Written as `2 [x ln(1 + k(x-mu) / (mu(x+k))) - k ln(1 + (x-mu) / (mu+k))]` with `k = 1 / dispersion`: the usual
 * form subtracts two logarithms that agree in nearly every digit once counts are large.
 *
 * @param x a count, 0 or more
 * @param mu the count expected
 * @returns always a finite number
 */
export function residual(x: number, mu: number, dispersion: number): number {
  const mean = Math.max(mu, NOTHING);
  const off = x - mean;
  if (off === 0) return 0;
  const half = dispersion > 0 ? negativeBinomial(x, mean, off, 1 / dispersion) : poisson(x, mean, off);
  // Rounding can take a deviance of nearly 0 below it.
  return Math.sign(off) * Math.sqrt(2 * Math.max(half, 0));
}

function poisson(x: number, mean: number, off: number): number {
  return x < NOTHING ? mean : x * Math.log1p(off / mean) - off;
}

function negativeBinomial(x: number, mean: number, off: number, k: number): number {
  if (x < NOTHING) return k * Math.log1p(mean / k);
  // Divided one after the other: the product of two large counts may not be finite.
  const first = logOf((off / mean) * (k / (x + k)), (x / mean) * ((mean + k) / (x + k)));
  return x * first - k * logOf(off / (mean + k), (x + k) / (mean + k));
}

/** The logarithm of a ratio that is also given as its distance from 1: each is exact where the other is not. */
function logOf(offFromOne: number, ratio: number): number {
  return offFromOne > -0.5 ? Math.log1p(offFromOne) : Math.log(ratio);
}

/** The counts between which the residual stays within `z` either way. */
export interface ExpectedRange {
  readonly low: number;
  readonly high: number;
}

/** What would have been usual: the range of counts whose residual is below `z`, to a thousandth of its width. */
export function expectedRange(mu: number, dispersion: number, z = 3): ExpectedRange {
  const sd = Math.sqrt(mu + dispersion * mu * mu);
  let beyond = mu + z * sd + 1;
  while (residual(beyond, mu, dispersion) < z) beyond *= 2;
  const inside = (x: number) => Math.abs(residual(x, mu, dispersion)) < z;
  return { low: inside(0) ? 0 : edge(inside, mu, 0), high: edge(inside, mu, beyond) };
}

/** Where `inside` ends between a count that is and one that is not. */
function edge(inside: (x: number) => boolean, within: number, outside: number): number {
  let [near, far] = [within, outside];
  for (let halving = 0; halving < 20; halving++) {
    const middle = (near + far) / 2;
    if (inside(middle)) near = middle;
    else far = middle;
  }
  return near;
}
