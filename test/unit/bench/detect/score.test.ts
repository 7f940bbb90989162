import { describe, expect, test } from "vitest";
import type { Episode } from "../../../../bench/detect/corpus/scenario.ts";
import { countsOf, qualityOf, scoreOf, sumOf, type Told } from "../../../../bench/detect/score.ts";
import { bootstrap, quantile, rateBound } from "../../../../bench/detect/statistics.ts";

const MINUTE = 60_000;
const episode = (more: Partial<Episode> = {}): Episode => ({
  from: 10 * MINUTE,
  to: 20 * MINUTE,
  hosts: [1],
  causes: ["APPLICATION_SLOW"],
  expected: "incident",
  ...more,
});
const told = (minute: number, more: Partial<Told> = {}): Told => ({
  openedAt: minute * MINUTE,
  hosts: new Set([1]),
  cause: "APPLICATION_SLOW",
  paged: false,
  ...more,
});

describe("what was told, against the truth", () => {
  test.each([
    ["within the episode: found", [told(12)], { found: 1, wrong: 0, missed: 0 }],
    ["two minutes after it: found", [told(22)], { found: 1, wrong: 0, missed: 0 }],
    ["later: missed, and told of nothing", [told(22.1)], { found: 0, wrong: 1, missed: 1 }],
    ["before it: missed, and told of nothing", [told(9.9)], { found: 0, wrong: 1, missed: 1 }],
    ["on another host", [told(12, { hosts: new Set([2]) })], { found: 0, wrong: 1, missed: 1 }],
    ["not at all", [], { found: 0, wrong: 0, missed: 1 }],
    ["twice: found once, no point adjustment", [told(12), told(13)], { found: 1, wrong: 0, missed: 0 }],
  ])("%s", (_name, all, counts) => {
    expect(countsOf(scoreOf([episode()], all))).toEqual(counts);
  });

  test("of two incidents of one episode the one with the right cause counts, the other is told twice", () => {
    const score = scoreOf([episode()], [told(11, { cause: "UNKNOWN" }), told(14)]);
    expect(score.found.map((one) => one.told.openedAt)).toEqual([14 * MINUTE]);
    expect(score.duplicates).toBe(1);
  });

  test("two episodes of one host need two incidents", () => {
    const both = [episode(), episode({ from: 15 * MINUTE })];
    expect(countsOf(scoreOf(both, [told(16)]))).toEqual({ found: 1, wrong: 0, missed: 1 });
    expect(countsOf(scoreOf(both, [told(12), told(16)]))).toEqual({ found: 2, wrong: 0, missed: 0 });
  });

  test("of a note nothing is right or wrong, but nobody is to be woken", () => {
    const score = scoreOf([episode({ expected: "note" })], [told(12), told(13, { paged: true })]);
    expect(countsOf(score)).toEqual({ found: 0, wrong: 0, missed: 0 });
    expect([score.noted.length, score.falsePages]).toEqual([2, 1]);
  });
});

describe("the numbers of the report", () => {
  test("precision, recall and F1 of a corpus by hand", () => {
    const counts = sumOf([
      { found: 3, wrong: 1, missed: 0 },
      { found: 3, wrong: 0, missed: 3 },
    ]);
    expect(counts).toEqual({ found: 6, wrong: 1, missed: 3 });
    expect(qualityOf(counts)).toEqual({ precision: 6 / 7, recall: 6 / 9, f1: 12 / 16 });
  });

  test("one that is always off has no precision, no recall and an F1 of 0", () => {
    expect(qualityOf({ found: 0, wrong: 0, missed: 4 })).toEqual({ precision: null, recall: 0, f1: 0 });
  });

  test("quantiles by the nearest rank", () => {
    expect([quantile([1, 2, 3, 4], 0.5), quantile([1, 2, 3, 4], 0.95), quantile([], 0.5)]).toEqual([
      2,
      4,
      Number.NaN,
    ]);
  });

  test("the bound of a rate: three of nothing, and the Poisson bound of more", () => {
    expect(rateBound(0, 3_000)).toBe(0.001);
    // Exact: 4.744, 9.154 and 16.962 events.
    expect(rateBound(1, 1)).toBeCloseTo(4.744, 1);
    expect(rateBound(4, 1)).toBeCloseTo(9.154, 1);
    expect(rateBound(10, 1)).toBeCloseTo(16.962, 1);
  });

  test("the bootstrap holds the statistic, is the same again, and has no width where all are alike", () => {
    const mean = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0) / all.length;
    const values = Array.from({ length: 100 }, (_, index) => index);
    const bounds = bootstrap(values, mean, "seed");
    expect(bounds.low).toBeLessThan(49.5);
    expect(bounds.high).toBeGreaterThan(49.5);
    expect(bounds.high - bounds.low).toBeLessThan(20);
    expect(bootstrap(values, mean, "seed")).toEqual(bounds);
    expect(bootstrap([2, 2, 2], mean, "seed")).toEqual({ low: 2, high: 2 });
  });
});
