import { describe, expect, test } from "vitest";
import { AnswerBudget } from "../../../src/graphql/answer-budget.ts";
import { VALUES_MAX } from "../../../src/store/queries/range.ts";

const HOUR = 3_600_000;
const refused = (why: RegExp) =>
  expect.objectContaining({ code: "LIMIT_EXCEEDED", message: expect.stringMatching(why) });

/** How many times a budget lets something through. */
function timesOf(take: (budget: AnswerBudget) => void): number {
  const budget = new AnswerBudget();
  for (let times = 0; times < 1_000; times++) {
    try {
      take(budget);
    } catch (error) {
      expect(error).toEqual(refused(/in several requests/));
      return times;
    }
  }
  throw new Error("there is no end to it");
}

describe("an answer's budget", () => {
  test("of values is for all of its series together", () => {
    expect(timesOf((budget) => budget.takeValues(VALUES_MAX))).toBe(1);
    expect(timesOf((budget) => budget.takeValues(VALUES_MAX / 4))).toBe(4);
    expect(timesOf((budget) => budget.takeValues(VALUES_MAX / 4 + 1))).toBe(3);
  });

  test("of fields is for all of its lists together, and what was taken for them too much is given back", () => {
    expect(timesOf((budget) => budget.takeFields(50_000))).toBe(10);
    const givingBack = (budget: AnswerBudget) => {
      budget.takeFields(50_000);
      budget.takeFields(-40_000);
    };
    expect(timesOf(givingBack)).toBe(46);
  });

  test("of raw snapshots goes down to none, and refuses nothing", () => {
    const budget = new AnswerBudget();
    expect(budget.snapshotsLeft).toBe(500_000);
    budget.takeSnapshots(300_000);
    expect(budget.snapshotsLeft).toBe(200_000);
    budget.takeSnapshots(300_000);
    expect(budget.snapshotsLeft).toBe(0);
  });

  test("of scans is by what they may read: an hour of anything often, a year of a large fleet seldom", () => {
    const scan = (hours: number, shards: number, counters: number, inHours = true) =>
      timesOf((budget) =>
        budget.takeScan({ range: { from: 0, to: hours * HOUR }, shards, counters, hours: inHours }),
      );
    expect(scan(1, 1, 1)).toBe(49);
    expect(scan(24, 40, 1)).toBe(47);
    expect(scan(400 * 24, 40, 1)).toBe(10);
    expect(scan(400 * 24, 40, 6)).toBe(2);
    // Steps that cut hours: all of it in minutes.
    expect(scan(30 * 24, 40, 1, false)).toBe(2);
    expect(scan(1, 40, 1)).toBe(scan(1, 40, 1, false));
  });
});
