import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomOf } from "../../../../src/demo/random.ts";
import { KINDS, type Kind } from "../../../../src/detect/stream/csv.ts";
import { RowJudge } from "../../../../src/detect/stream/judge.ts";
import type { RowVerdict } from "../../../../src/detect/stream/sample.ts";
import { loadOf, MINUTE_MS, MONDAY, normal } from "../support/load.ts";

interface Point {
  readonly at: number;
  readonly value: number;
}

/** Points a fixed time apart, from a Monday on. */
function series(days: number, everyMs: number, valueAt: (at: number) => number): Point[] {
  const count = Math.round((days * 86_400_000) / everyMs);
  return Array.from({ length: count }, (_, index) => {
    const at = MONDAY + index * everyMs;
    return { at, value: valueAt(at) };
  });
}

const judge = (kind: Kind, points: readonly Point[]): RowVerdict[] => {
  const rows = new RowJudge(kind);
  return points.map(({ at, value }) => rows.next(at, value));
};
const flagged = (verdicts: readonly RowVerdict[]) =>
  verdicts.flatMap(({ flag }, index) => (flag ? [index] : []));

/** A temperature with a day in it: a gauge that goes below 0. */
function temperature(seed: string) {
  const random = randomOf(seed);
  return (at: number) => 5 + 12 * Math.sin((at / 86_400_000) * 2 * Math.PI) + normal(random);
}

/** Counts of any interval from a load by the minute. */
function countsOf(seed: string, everyMs: number, perMinute: number) {
  const load = loadOf(seed, { perMinute: (perMinute * everyMs) / MINUTE_MS });
  return (at: number) => load(at);
}

describe("nothing is flagged in", () => {
  test.each([
    ["a month of zeros", "count", series(30, 60_000, () => 0)],
    ["a constant", "gauge", series(30, 300_000, () => 42)],
    ["two weeks of load by the minute", "count", series(14, 60_000, countsOf("a", 60_000, 500))],
    ["a day of load by ten seconds", "count", series(4, 10_000, countsOf("b", 10_000, 600))],
    ["a month of load by the hour", "count", series(28, 3_600_000, countsOf("c", 3_600_000, 20))],
    ["a month of temperatures", "gauge", series(28, 300_000, temperature("d"))],
    ["blips of one to three", "count", blips()],
  ] as const)("%s", (_name, kind, points) => {
    const found = flagged(judge(kind, points));
    // Lasting changes are looked for in weeks of noise: one may be seen in it.
    expect(found.length).toBeLessThanOrEqual(1);
  });

  function blips(): Point[] {
    const random = randomOf("blips");
    return series(30, 60_000, () => (random() < 1 / 400 ? 1 + Math.floor(random() * 3) : 0));
  }
});

describe("what is flagged, at the row where it happens", () => {
  const last = (points: readonly Point[], value: number) => [
    ...points.slice(0, -1),
    { ...(points.at(-1) as Point), value },
  ];

  test.each([
    ["30 events after a month of none", "count", series(30, 60_000, () => 0), 30],
    ["a tenth of the load", "count", series(14, 60_000, countsOf("e", 60_000, 900)), 40],
    ["hardly any load by the hour", "count", series(28, 3_600_000, countsOf("f", 3_600_000, 90)), 30],
    ["a burst within ten seconds", "count", series(4, 10_000, countsOf("g", 10_000, 60)), 400],
    ["a value far above", "gauge", series(14, 300_000, temperature("h")), 60],
    ["a value far below", "gauge", series(14, 300_000, temperature("i")), -60],
  ] as const)("%s", (_name, kind, points, value) => {
    const verdict = judge(kind, last(points, value)).at(-1);
    expect(verdict?.flag).toBe(true);
    expect(verdict?.score).toBeGreaterThan(5);
  });

  test("a shift of a gauge that no single value stands out by", () => {
    const base = temperature("j");
    const from = MONDAY + 13 * 86_400_000;
    const found = flagged(
      judge(
        "gauge",
        series(14, 300_000, (at) => base(at) + (at >= from ? 4 : 0)),
      ),
    );
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toBeGreaterThanOrEqual((from - MONDAY) / 300_000);
  });

  test("after six hours it is the new normal", () => {
    const base = temperature("k");
    const from = MONDAY + 10 * 86_400_000;
    const found = flagged(
      judge(
        "gauge",
        series(14, 300_000, (at) => base(at) + (at >= from ? 40 : 0)),
      ),
    );
    const hours = found.map((index) => (index * 300_000 + MONDAY - from) / 3_600_000);
    expect(hours[0]).toBe(0);
    expect(hours.filter((hour) => hour > 30)).toEqual([]);
  });
});

describe("a running total", () => {
  const total = (counts: readonly Point[]) => {
    let sum = 0;
    return counts.map(({ at, value }) => {
      sum += value;
      return { at, value: sum };
    });
  };
  const counts = series(10, 60_000, countsOf("l", 60_000, 300));

  test("is judged as what it grew by, but for its first rows", () => {
    const [growth, running] = [judge("count", counts), judge("counter", total(counts))];
    expect(flagged(running)).toEqual(flagged(growth));
    const far = running.findIndex(({ score }) => score > 0);
    expect(far).toBeGreaterThan(0);
  });

  test("that begins anew, and rows that are missing, raise nothing", () => {
    const all = total(counts);
    const reset = all.map(({ at, value }, index) => ({
      at,
      value: index < 12_000 ? value : value - (all[11_999]?.value ?? 0),
    }));
    expect(flagged(judge("counter", reset))).toEqual([]);
    const holes = all.filter((_, index) => index < 12_000 || index > 12_300);
    expect(flagged(judge("counter", holes))).toEqual([]);
  });

  test("above 2^53 is subtracted exactly", () => {
    const rows = new RowJudge("counter");
    const start = 18_446_744_073_700_000_000n;
    for (let index = 0; index < 5_000; index++) {
      expect(rows.next(MONDAY + index * 60_000, start + BigInt(index)).flag).toBe(false);
    }
    expect(rows.next(MONDAY + 5_000 * 60_000, start + 5_400n).flag).toBe(true);
  });
});

test("rows that come at another interval from now on are judged again", () => {
  const first = series(4, 60_000, () => 0);
  const from = (first.at(-1)?.at ?? 0) + 600_000;
  const second = Array.from({ length: 50 }, (_, index) => ({ at: from + index * 600_000, value: 0 }));
  const burst = { at: from + 50 * 600_000, value: 500 };
  expect(judge("count", [...first, ...second, burst]).at(-1)?.flag).toBe(true);
});

test("a prefix of the rows has a prefix of the verdicts, each time the same", () => {
  const point = fc.record({
    step: fc.constantFrom(10, 60, 60, 60, 300, 3_600, 90_000),
    value: fc.oneof(fc.nat(20), fc.nat(100_000)),
  });
  fc.assert(
    fc.property(
      fc.array(point, { maxLength: 300 }),
      fc.nat(),
      fc.constantFrom(...KINDS),
      (steps, where, kind) => {
        let at = MONDAY;
        const points = steps.map(({ step, value }) => {
          at += step * 1000;
          return { at, value };
        });
        const cut = where % (points.length + 1);
        const whole = judge(kind, points);
        expect(judge(kind, points.slice(0, cut))).toEqual(whole.slice(0, cut));
        for (const { score } of whole) expect(Number.isFinite(score) && score >= 0).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});
