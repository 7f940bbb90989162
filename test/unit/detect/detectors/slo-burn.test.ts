import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BurnRing } from "../../../../src/detect/detectors/burn-ring.ts";
import { judgeBurn } from "../../../../src/detect/detectors/slo-burn.ts";

const NOW = 30_000_000;
const DAY = 1_440;

/** Three good days of 100,000 handshakes a minute, then minutes in which a share is lost until a rule speaks. */
function minutesUntilBurn(share: number, perMinute = 100_000, limit = 2 * DAY) {
  const ring = new BurnRing();
  let minute = NOW;
  for (; minute < NOW + 3 * DAY; minute++) ring.add(minute, { good: perMinute, bad: 0 });
  for (let lost = 1; lost <= limit; lost++, minute++) {
    ring.add(minute, { good: perMinute * (1 - share), bad: perMinute * share });
    const burn = judgeBurn(ring);
    if (burn !== null) return { lost, burn, ring, minute };
  }
  return null;
}

describe("how long it takes, by share lost", () => {
  test.each([
    [1, 1, "PAGE", 60],
    [0.1, 9, "PAGE", 60],
    [0.015, 59, "PAGE", 60],
  ])("%d", (share, minutes, urgency, longMinutes) => {
    const found = minutesUntilBurn(share);
    expect(found?.lost).toBe(minutes);
    expect(found?.burn.rule).toMatchObject({ urgency, longMinutes });
  });

  test("half a percent pages nobody, and becomes a ticket", () => {
    const found = minutesUntilBurn(0.005);
    expect(found?.burn.rule.urgency).toBe("TICKET");
    expect((found?.lost ?? 0) / 60).toBeGreaterThan(14);
    expect((found?.lost ?? 0) / 60).toBeLessThan(15.1);
  });

  test("what the objective allows is no matter", () => {
    expect(minutesUntilBurn(0.0009)).toBeNull();
  });
});

test("it ends within five minutes of the recovery", () => {
  const found = minutesUntilBurn(0.1);
  if (found === null) throw new Error("no rule spoke");
  let { minute } = found;
  let minutes = 0;
  while (judgeBurn(found.ring)?.rule.urgency === "PAGE") {
    found.ring.add(++minute, { good: 100_000, bad: 0 });
    minutes++;
  }
  expect(minutes).toBeLessThanOrEqual(5);
});

test("one lost connection of a hundred an hour is not a matter", () => {
  expect(minutesUntilBurn(0.01, 2, 600)).toBeNull();
});

test("the flag says how much was lost, and how much is allowed", () => {
  expect(minutesUntilBurn(0.1)?.burn.flag.text).toBe(
    "1.5 % of 6,000,000 new connections were lost or delayed in 60 min, 15 times what the objective of 99.9 % allows.",
  );
});

describe("the ring", () => {
  const history = fc.array(
    fc.record({ step: fc.constantFrom(1, 1, 1, 2, 7, 61, 5_000), good: fc.nat(100), bad: fc.nat(10) }),
    { minLength: 1, maxLength: 200 },
  );

  function fill(all: readonly { step: number; good: number; bad: number }[], repeat: boolean) {
    const ring = new BurnRing();
    const minutes: { minute: number; good: number; bad: number }[] = [];
    let minute = NOW;
    for (const { step, good, bad } of all) {
      minute += step;
      minutes.push({ minute, good, bad });
      ring.add(minute, { good, bad });
      if (repeat) ring.add(minute - 1, { good: 9, bad: 9 });
      if (repeat) ring.add(minute, { good: 9, bad: 9 });
    }
    return { ring, minutes, last: minute };
  }

  test("sums the stretches that lie within the window, and nothing older", () => {
    fc.assert(
      fc.property(
        history,
        fc.constantFrom(5, 30, 60, 120, 360, 1_440, 4_320),
        fc.boolean(),
        (all, window, repeat) => {
          const { ring, minutes, last } = fill(all, repeat);
          const size = window <= 60 ? 1 : window <= 360 ? 5 : 60;
          const from = Math.floor(last / size) - window / size;
          const within = minutes.filter(({ minute }) => Math.floor(minute / size) > from);
          const sum = (which: "good" | "bad") => within.reduce((all, one) => all + one[which], 0);
          expect(ring.last(window)).toEqual({ good: sum("good"), bad: sum("bad") });
        },
      ),
    );
  });

  test("survives being stored, and damage is refused", () => {
    fc.assert(
      fc.property(history, fc.nat(), (all, at) => {
        const { ring } = fill(all, false);
        const bytes = ring.encode();
        expect(BurnRing.decode(bytes).encode().equals(bytes)).toBe(true);
        bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ 1;
        expect(() => BurnRing.decode(bytes)).toThrow(RangeError);
        expect(() => BurnRing.decode(bytes.subarray(1))).toThrow(RangeError);
      }),
    );
  });
});
