import fc from "fast-check";
import { expect, test } from "vitest";
import { correct, measureAnchor, type Timekeeping, timeAt } from "../../../agent/clock.ts";

const ANCHOR = 1_795_000_000_000;
const keeping: Timekeeping = { number: 0, anchorMs: ANCHOR };
const MINUTE = 60_000;

/** Ten measurements that all speak for the same drift. */
function agreed(driftMs: number): number[] {
  return Array.from({ length: 10 }, () => ANCHOR + driftMs);
}

test("agent time is the anchor plus uptime, in whole milliseconds", () => {
  expect(timeAt(keeping, 941_570.4)).toBe(ANCHOR + 941_570);
});

test("a measurement takes the middle of sending and receiving", () => {
  expect(measureAnchor(ANCHOR + 10_300, 10_000, 10_400)).toBe(ANCHOR + 100);
});

test.each([
  ["no measurement: stays", [], keeping],
  ["exactly 5 s ahead: stays", agreed(5_000), keeping],
  ["exactly 5 s behind: stays", agreed(-5_000), keeping],
  ["the first answer alone moves it, since nothing speaks against it", [ANCHOR + 6_000], forward(6_000)],
  ["the service is ahead: forward at once", agreed(5_001), forward(5_001)],
  ["a year ahead: forward at once as well", agreed(365 * 86_400_000), forward(365 * 86_400_000)],
  ["one good measurement of ten holds it", [...agreed(60_000).slice(1), ANCHOR + 20], keeping],
  ["the smallest of ten is what it moves by", [...agreed(60_000).slice(1), ANCHOR + 7_000], forward(7_000)],
  ["an eleventh measurement back is forgotten", [ANCHOR, ...agreed(60_000)], forward(60_000)],
  ["the smallest by size, whatever its sign", [ANCHOR - 6_000, ANCHOR + 9_000], slowing(-6_000)],
  ["the service is behind: half speed", agreed(-5_001), slowing(-5_001)],
  ["five minutes behind: still half speed", agreed(-5 * MINUTE), slowing(-5 * MINUTE)],
  ["more than five minutes behind: a new epoch", agreed(-5 * MINUTE - 1), newEpoch(-5 * MINUTE - 1)],
])("%s", (_case, measured, expected) => {
  expect(correct(keeping, measured, 100_000)).toEqual(expected);
});

test("nothing to do gives back the same object, so that nothing is saved", () => {
  expect(correct(keeping, agreed(4_000), 100_000)).toBe(keeping);
});

test.each([
  ["at the start nothing jumps", 0, 0],
  ["after 4 s, 2 s have passed", 4_000, 2_000],
  ["after 20 s, 10 s have passed and it has caught up", 20_000, 10_000],
  ["from then on it runs at full speed", 25_000, 15_000],
])("slowing by 10 s: %s", (_case, elapsedMs, passedMs) => {
  const slow = correct(keeping, agreed(-10_000), 100_000);
  expect(timeAt(slow, 100_000 + elapsedMs)).toBe(timeAt(keeping, 100_000) + passedMs);
});

test("while slowing, the drift counts from where it is heading", () => {
  const slow = correct(keeping, agreed(-10_000), 100_000);
  expect(correct(slow, agreed(-10_000), 104_000)).toBe(slow);
});

test("while slowing, a service that jumps ahead again ends it at once", () => {
  const slow = correct(keeping, agreed(-10_000), 100_000);
  expect(correct(slow, agreed(1_000), 104_000)).toEqual(forward(1_000));
});

test("while slowing, a service that falls further behind slows for longer, from where time is now", () => {
  const slow = correct(keeping, agreed(-10_000), 100_000);
  expect(correct(slow, agreed(-30_000), 104_000)).toEqual({
    number: 0,
    anchorMs: ANCHOR - 2_000,
    slowing: { sinceMs: 104_000, goalMs: ANCHOR - 30_000 },
  });
});

test("within an epoch, agent time rises with uptime whatever the service's clock says", () => {
  const answer = fc.record({
    afterMs: fc.integer({ min: 2, max: 120_000 }),
    serviceOffMs: fc.oneof(
      fc.integer({ min: -20_000, max: 20_000 }),
      fc.integer({ min: -86_400_000, max: 86_400_000 }),
    ),
  });
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 60 }), (answers) => {
      let now = keeping;
      let uptimeMs = 1_000;
      let last = { number: now.number, at: timeAt(now, uptimeMs) };
      const measured: number[] = [];
      for (const { afterMs, serviceOffMs } of answers) {
        uptimeMs += afterMs;
        const before = { number: now.number, at: timeAt(now, uptimeMs) };
        if (before.number === last.number) expect(before.at).toBeGreaterThan(last.at);
        measured.push(ANCHOR + serviceOffMs);
        now = correct(now, measured, uptimeMs);
        uptimeMs += 2;
        const after = { number: now.number, at: timeAt(now, uptimeMs) };
        expect(after.number).toBeGreaterThanOrEqual(before.number);
        if (after.number === before.number) expect(after.at).toBeGreaterThan(before.at);
        last = after;
      }
    }),
    { numRuns: 500 },
  );
});

test("whatever came before, ten answers that agree bring it within 5 s once it has caught up", () => {
  const offset = fc.integer({ min: -600_000, max: 600_000 });
  fc.assert(
    fc.property(fc.array(offset, { maxLength: 20 }), offset, (before, finally_) => {
      let now = keeping;
      const measured: number[] = [];
      for (const off of [...before, ...agreed(finally_).map((anchor) => anchor - ANCHOR)]) {
        measured.push(ANCHOR + off);
        now = correct(now, measured, 100_000);
      }
      const caughtUp = 100_000 + 20 * MINUTE;
      expect(Math.abs(timeAt(now, caughtUp) - (ANCHOR + finally_ + caughtUp))).toBeLessThanOrEqual(5_001);
    }),
  );
});

function forward(byMs: number): Timekeeping {
  return { number: 0, anchorMs: ANCHOR + byMs };
}

function slowing(byMs: number): Timekeeping {
  return { number: 0, anchorMs: ANCHOR, slowing: { sinceMs: 100_000, goalMs: ANCHOR + byMs } };
}

function newEpoch(byMs: number): Timekeeping {
  return { number: 1, anchorMs: ANCHOR + byMs };
}
