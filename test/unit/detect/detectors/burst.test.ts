import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeBurst } from "../../../../src/detect/detectors/burst.ts";
import { SEASONAL_SERIES, type Series, STILL_SERIES } from "../../../../src/detect/series.ts";
import { lossShare, lostHandshakes } from "../../../../src/rates/loss.ts";

const named = (name: string) =>
  [...STILL_SERIES, ...SEASONAL_SERIES].find((series) => series.name === name) as Series;
const OVERFLOWS = named("TcpExtListenOverflows");
const QUIET = { perMinute: 0, dispersion: 0 };

function lossOf(accepted: number, listenOverflows: number) {
  const none = { reqQFullDrop: 0, cookiesSent: 0, cookiesReceived: 0, cookiesFailed: 0 };
  return lossShare(accepted, lostHandshakes({ listenOverflows, ...none }));
}

function judge(count: number, more: { series?: Series; accepted?: number; perMinute?: number } = {}) {
  const { series = OVERFLOWS, accepted = 100, perMinute = 0 } = more;
  const expectation = { ...QUIET, perMinute };
  const loss = lossOf(accepted, count);
  return judgeBurst({ series, from: 0, to: 10_000, count, ratedMs: 10_000, expectation, loss });
}

describe("a host that was quiet for a month", () => {
  test.each([
    ["one overflow", 1, false],
    ["three", 3, false],
    ["four", 4, false],
    ["five", 5, true],
    ["thirty", 30, true],
  ])("%s in 10 s", (_name, count, flagged) => {
    expect(judge(count) !== null).toBe(flagged);
  });

  test("the flag says what was counted, what is usual and what it cost", () => {
    const flag = judge(30);
    expect(flag).toMatchObject({ detector: "burst", series: "TcpExtListenOverflows", observed: 30, low: 0 });
    expect(flag?.share).toBeCloseTo(30 / 7 / (100 + 30 / 7), 6);
    expect(flag?.text).toBe(
      "30 ListenOverflows in 10 s, where 0.00333 are usual; about 4.1 % of new connections were lost or delayed.",
    );
    expect(flag?.high).toBeLessThan(5);
  });
});

test("a burst that hardly any client felt is none, unless it is large", () => {
  expect(judge(30, { accepted: 1_000_000 })).toBeNull();
  expect(judge(100, { accepted: 1_000_000 })).not.toBeNull();
});

test("counters that lose no handshakes are judged by their number alone", () => {
  const flag = judge(7, { series: named("TcpExtTCPAbortOnMemory"), accepted: 1_000_000 });
  expect(flag).toMatchObject({ share: null });
  expect(flag?.text).toMatch(/^7 TCPAbortOnMemory in 10 s/);
});

test("a host that always has some is judged by that", () => {
  const series = named("TcpAttemptFails");
  expect(judge(12, { series, perMinute: 60 })).toBeNull();
  expect(judge(80, { series, perMinute: 60 })).not.toBeNull();
});

test("nothing is said of time without a rate", () => {
  const input = { series: OVERFLOWS, from: 0, to: 1, count: 900, expectation: QUIET, loss: null };
  expect(judgeBurst({ ...input, ratedMs: 0 })).toBeNull();
});

test("more is never judged milder", () => {
  fc.assert(
    fc.property(
      fc.nat(2_000),
      fc.nat(2_000),
      fc.double({ min: 0, max: 500, noNaN: true }),
      (a, b, perMinute) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        const milder = judge(less, { perMinute });
        if (milder !== null) expect(judge(more, { perMinute })?.z).toBeGreaterThanOrEqual(milder.z);
      },
    ),
  );
});
