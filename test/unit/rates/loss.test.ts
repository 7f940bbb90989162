import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DropInputs, lossShare, lostHandshakes } from "../../../src/rates/loss.ts";

interface Episode extends DropInputs {
  readonly passiveOpens: number;
}

const NONE: Episode = {
  passiveOpens: 0,
  listenOverflows: 0,
  reqQFullDrop: 0,
  cookiesSent: 0,
  cookiesReceived: 0,
  cookiesFailed: 0,
};

const shareOf = (inputs: Episode) => lossShare(inputs.passiveOpens, lostHandshakes(inputs));

describe("episodes measured on a real kernel", () => {
  test.each([
    ["a stopped application", { passiveOpens: 6, listenOverflows: 614 }, 0.94, 0.94],
    ["20 attempts on a stopped one", { passiveOpens: 6, listenOverflows: 98 }, 0.7, 0.7],
    [
      "an application that is too slow",
      {
        passiveOpens: 127,
        listenOverflows: 1138,
        cookiesSent: 59,
        cookiesReceived: 118,
        cookiesFailed: 59,
      },
      0.58,
      0.56,
    ],
    [
      "a burst on a backlog of 16",
      {
        passiveOpens: 75,
        listenOverflows: 1027,
        cookiesSent: 337,
        cookiesReceived: 668,
        cookiesFailed: 328,
      },
      0.81,
      0.81,
    ],
    ["a stall of 3 s, all of it delay", { passiveOpens: 60, listenOverflows: 76 }, 0, 0.15],
  ])("%s", (_name, inputs, truth, expected) => {
    const loss = shareOf({ ...NONE, ...inputs });
    expect(loss?.share).toBeCloseTo(expected, 2);
    expect(loss?.high).toBeGreaterThanOrEqual(truth);
    // The note of the estimator: it stays near the truth where the plain ratio does not.
    expect(Math.abs((loss?.share ?? 1) - truth)).toBeLessThanOrEqual(0.16);
  });

  test("a flood behind cookies loses nobody", () => {
    const flood = { passiveOpens: 60, cookiesSent: 3931, cookiesReceived: 60, cookiesFailed: 40 };
    expect(shareOf({ ...NONE, ...flood })).toEqual({ share: 0, low: 0, high: 0 });
  });

  test("a flood without cookies locks everybody out", () => {
    expect(shareOf({ ...NONE, reqQFullDrop: 4049 })).toEqual({ share: 1, low: 1, high: 1 });
  });
});

test("nothing attempted has no share", () => {
  expect(shareOf(NONE)).toBeNull();
  expect(shareOf({ ...NONE, cookiesSent: 5 })).toBeNull();
  expect(shareOf({ ...NONE, passiveOpens: 1 })).toEqual({ share: 0, low: 0, high: 0 });
});

const count = fc.oneof(fc.nat(50), fc.nat(1_000_000), fc.constant(2 ** 60));
const inputs: fc.Arbitrary<Episode> = fc.record({
  passiveOpens: count,
  listenOverflows: count,
  reqQFullDrop: count,
  cookiesSent: count,
  cookiesReceived: count,
  cookiesFailed: count,
});

test("the range holds the estimate, within 0 and 1", () => {
  fc.assert(
    fc.property(inputs, (one) => {
      const loss = shareOf(one);
      if (loss === null) return;
      expect(loss.low).toBeGreaterThanOrEqual(0);
      expect(loss.share).toBeGreaterThanOrEqual(loss.low);
      expect(loss.high).toBeGreaterThanOrEqual(loss.share);
      expect(loss.high).toBeLessThanOrEqual(1);
    }),
    { numRuns: 2_000 },
  );
});

test("more overflows are never less loss, more accepted never more", () => {
  fc.assert(
    fc.property(inputs, fc.nat(10_000), (one, more) => {
      const before = shareOf(one);
      if (before === null) return;
      const overflowed = shareOf({ ...one, listenOverflows: one.listenOverflows + more });
      const accepted = shareOf({ ...one, passiveOpens: one.passiveOpens + more });
      for (const end of ["share", "low", "high"] as const) {
        expect(overflowed?.[end]).toBeGreaterThanOrEqual(before[end]);
        expect(accepted?.[end]).toBeLessThanOrEqual(before[end]);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("without failed cookies the upper end is the plain ratio", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.nat(1e6), (passiveOpens, listenOverflows) => {
      const loss = shareOf({ ...NONE, passiveOpens, listenOverflows });
      expect(loss?.high).toBeCloseTo(listenOverflows / (passiveOpens + listenOverflows), 12);
    }),
  );
});
