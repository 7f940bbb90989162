import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectedRange, residual } from "../../../src/detect/residual.ts";

/** P(X >= x) of a negative binomial (Poisson where a is 0), added up term by term: slow, and plainly right. */
function exactTail(x: number, mu: number, a: number): number {
  let log = 0;
  if (a === 0) {
    log = -mu;
    for (let i = 1; i <= x; i++) log += Math.log(mu / i);
  } else {
    const k = 1 / a;
    log = k * Math.log(k / (mu + k));
    for (let i = 0; i < x; i++) log += Math.log(((k + i) / (i + 1)) * (mu / (mu + k)));
  }
  let term = 1;
  let sum = 0;
  for (let j = x; term > sum * 1e-15 || j < mu; j++) {
    sum += term;
    term *= a === 0 ? mu / (j + 1) : ((1 / a + j) / (j + 1)) * (mu / (mu + 1 / a));
  }
  return Math.exp(log) * sum;
}

/** P(Z >= z) of a normal distribution, by its continued fraction from far out inwards. */
function normalTail(z: number): number {
  let fraction = z;
  for (let n = 400; n >= 1; n--) fraction = z + n / fraction;
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) / fraction;
}

/** The first count at which the residual reaches z. */
function firstAt(z: number, mu: number, a: number): number {
  let x = Math.ceil(mu);
  while (residual(x, mu, a) < z) x++;
  return x;
}

/** The textbook form, exact for small numbers: fractions of BigInt would change nothing here. */
function textbook(x: number, mu: number, a: number): number {
  const k = 1 / a;
  const first = x === 0 ? 0 : x * Math.log(x / mu);
  const second = a === 0 ? x - mu : (x + k) * Math.log((x + k) / (mu + k));
  return Math.sign(x - mu) * Math.sqrt(Math.max(0, 2 * (first - second)));
}

describe("calibration against exact tails", () => {
  test("the two figures that the method was chosen by", () => {
    expect(firstAt(5, 0.02, 0)).toBe(4);
    expect(exactTail(4, 0.02, 0)).toBeCloseTo(6.6e-9, 10);
    expect(firstAt(6, 100, 0.05)).toBe(320);
    expect(exactTail(320, 100, 0.05)).toBeCloseTo(6.2e-10, 11);
    expect(normalTail(6)).toBeCloseTo(9.87e-10, 12);
  });

  const grid = [0.02, 1, 10, 100, 1000].flatMap((mu) =>
    [0, 0.01, 0.05, 0.2, 0.5].flatMap((a) => [3, 4, 5, 6].map((z) => [mu, a, z] as const)),
  );
  test.each(grid)("mean %d, dispersion %d: z of %d is hardly more likely than it says", (mu, a, z) => {
    // Mostly below it; at the worst, a mean of 1 and z of 6, 1.4e-9 and not 1.0e-9.
    expect(exactTail(firstAt(z, mu, a), mu, a)).toBeLessThanOrEqual(normalTail(z) * 1.5);
  });

  test("the exact tail is at most the normal tail at the residual of x - 1", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 400, noNaN: true }),
        fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 1, noNaN: true })),
        fc.double({ min: 2, max: 7, noNaN: true }),
        (mu, a, z) => {
          const x = firstAt(z, mu, a);
          fc.pre(x - 1 > mu);
          expect(exactTail(x, mu, a)).toBeLessThanOrEqual(normalTail(residual(x - 1, mu, a)) * 1.01);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("arithmetic", () => {
  test("agrees with the textbook form where that one has its digits", () => {
    fc.assert(
      fc.property(
        fc.nat(5_000),
        fc.double({ min: 0.001, max: 5_000, noNaN: true }),
        fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 4, noNaN: true })),
        (x, mu, a) => {
          fc.pre(Math.abs(x - mu) > 0.01 * mu);
          expect(residual(x, mu, a)).toBeCloseTo(textbook(x, mu, a), 4);
        },
      ),
    );
  });

  test("is finite, has the sign of the difference and grows with the count, whatever the numbers", () => {
    const count = fc.oneof(fc.nat(), fc.double({ min: 0, max: 2 ** 72, noNaN: true }));
    const mean = fc.double({ min: 0, max: 2 ** 72, noNaN: true });
    const dispersion = fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 100, noNaN: true }));
    fc.assert(
      fc.property(count, mean, dispersion, (x, mu, a) => {
        const z = residual(x, mu, a);
        expect(Number.isFinite(z)).toBe(true);
        if (z !== 0 && mu > 1e-12) expect(Math.sign(z)).toBe(Math.sign(x - mu));
        expect(residual(x * 1.01 + 1, mu, a)).toBeGreaterThanOrEqual(z - Math.abs(z) * 1e-6);
      }),
    );
  });

  test.each([
    ["nothing, where nothing is expected", 0, 0, 0, 0],
    ["nothing, where ten are expected", 0, 10, 0, -Math.sqrt(20)],
    ["as many as expected", 12, 12, 0.3, 0],
    ["one sd of a billion billions", 1e18 + 1e9, 1e18, 0, 1],
  ])("%s", (_name, x, mu, a, z) => {
    expect(residual(x, mu, a)).toBeCloseTo(z, 5);
  });

  test("one of anything where nothing at all is expected is far out, and finite", () => {
    expect(residual(1, 0, 0)).toBeGreaterThan(6);
    expect(residual(1, 0, 0)).toBeLessThan(10);
  });
});

test("the usual range ends where the residual passes z", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 1e6, noNaN: true }),
      fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 2, noNaN: true })),
      (mu, a) => {
        const { low, high } = expectedRange(mu, a);
        expect(low).toBeLessThanOrEqual(mu);
        expect(residual(high, mu, a)).toBeCloseTo(3, 1);
        if (low > 0) expect(residual(low, mu, a)).toBeCloseTo(-3, 1);
        else expect(residual(0, mu, a)).toBeGreaterThan(-3);
      },
    ),
  );
});
