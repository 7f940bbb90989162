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

/** What was counted, the true share by the clients' own count, and the estimate. Measured apart from the fixtures. */
const MEASURED: readonly (readonly [string, Partial<Episode>, number, number])[] = [
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
];

describe("episodes measured on a real kernel", () => {
  test.each(MEASURED)("%s", (_name, inputs, truth, expected) => {
    const loss = shareOf({ ...NONE, ...inputs });
    expect(loss?.share).toBeCloseTo(expected, 2);
    expect(Math.abs((loss?.share ?? 1) - truth)).toBeLessThanOrEqual(0.02);
    expect(loss?.low).toBeLessThanOrEqual(truth);
    expect(loss?.high).toBeGreaterThanOrEqual(truth);
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

test("the upper end is that each dropped packet is of a client who got in later", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.nat(1e6), (passiveOpens, listenOverflows) => {
      const loss = shareOf({ ...NONE, passiveOpens, listenOverflows });
      expect(loss?.high).toBeCloseTo(Math.min(1, listenOverflows / passiveOpens), 12);
    }),
  );
});

test("the range holds the truth, whatever became of the clients that were dropped", () => {
  // A client in time has none of its packets dropped, or up to three ACKs that brought a cookie.
  const client = fc.oneof(
    fc.record({ becomes: fc.constant("in time" as const), acks: fc.nat(3), syns: fc.constant(0) }),
    fc.record({
      becomes: fc.constantFrom("late" as const, "lost" as const),
      acks: fc.constant(0),
      syns: fc.integer({ min: 1, max: 10 }),
    }),
  );
  fc.assert(
    fc.property(fc.array(client, { minLength: 1 }), (clients) => {
      const sum = (of: (one: (typeof clients)[number]) => number) =>
        clients.reduce((total, one) => total + of(one), 0);
      const lost = sum(({ becomes }) => (becomes === "lost" ? 1 : 0));
      const late = sum(({ becomes }) => (becomes === "late" ? 1 : 0));
      const loss = shareOf({
        ...NONE,
        passiveOpens: clients.length - lost,
        listenOverflows: sum(({ acks, syns }) => acks + syns),
        cookiesSent: sum(({ acks }) => (acks > 0 ? 1 : 0)),
        // Those of its ACKs that were dropped, and the one that was not.
        cookiesReceived: sum(({ acks }) => (acks > 0 ? acks + 1 : 0)),
      });
      const truth = (lost + late) / clients.length;
      expect(loss?.low).toBeLessThanOrEqual(truth + 1e-12);
      expect(loss?.high).toBeGreaterThanOrEqual(truth - 1e-12);
    }),
    { numRuns: 2_000 },
  );
});

test("cookies that came back in time may not have delayed anybody", () => {
  const burst = { passiveOpens: 100, listenOverflows: 60, cookiesSent: 20, cookiesReceived: 80 };
  expect(shareOf({ ...NONE, ...burst })).toMatchObject({ low: 0, high: 0.6 });
  // A client has three such ACKs within a second, so that of 120 at least 60 came later.
  const longer = { ...burst, listenOverflows: 120, cookiesReceived: 140 };
  expect(shareOf({ ...NONE, ...longer })?.low).toBeCloseTo(6 / 106, 12);
});
