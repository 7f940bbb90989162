import { describe, expect, test } from "vitest";
import { afterAttempt, GIVE_UP_MS, type Tried } from "../../../src/notify/retry.ts";

const PLANNED = 1_000_000_000;
const busy = { delivered: false, status: 503, answer: "busy", retry: true, retryAfterMs: null } as const;
const tried = (said: Partial<Tried> = {}): Tried => ({
  attempts: 1,
  createdAt: PLANNED,
  now: PLANNED,
  chance: 0,
  ...said,
});

describe("after an attempt that failed", () => {
  test.each([
    ["the first", tried(), 5_000],
    ["the second", tried({ attempts: 2 }), 10_000],
    ["the seventh", tried({ attempts: 7 }), 320_000],
    ["the eighth", tried({ attempts: 8 }), 600_000],
    ["the hundredth", tried({ attempts: 100 }), 600_000],
    ["up to half less by chance", tried({ chance: 1 }), 2_500],
  ])("%s", (_name, given, wait) => {
    expect(afterAttempt(busy, given)).toEqual({
      status: "PENDING",
      answerStatus: 503,
      answer: "busy",
      nextTryAt: PLANNED + wait,
    });
  });

  test.each([
    ["longer than its turn", 60_000, 60_000],
    ["shorter", 1_000, 5_000],
    ["a year", 365 * 86_400_000, 3_600_000],
  ])("the far end asks for %s", (_name, retryAfterMs, wait) => {
    const outcome = { ...busy, status: 429, retryAfterMs };
    expect(afterAttempt(outcome, tried()).nextTryAt).toBe(PLANNED + wait);
  });

  test.each([
    ["trying again cannot help", { ...busy, retry: false }, tried()],
    ["the far end wants nothing more", { ...busy, status: 410, disable: true } as const, tried()],
    ["a day has passed", busy, tried({ attempts: 100, now: PLANNED + GIVE_UP_MS - 600_000 })],
  ])("it is given up when %s", (_name, outcome, given) => {
    expect(afterAttempt(outcome, given)).toMatchObject({ status: "FAILED", nextTryAt: null });
  });

  test("one that fails for ever is tried a bounded number of times", () => {
    let attempts = 0;
    let now: number | null = PLANNED;
    while (now !== null) {
      attempts++;
      now = afterAttempt(busy, tried({ attempts, now, chance: 1 })).nextTryAt;
    }
    expect(attempts).toBeGreaterThan(100);
    expect(attempts).toBeLessThan(400);
  });
});

test("after one that was taken it is delivered", () => {
  const outcome = { delivered: true, status: 202, answer: "ok" } as const;
  expect(afterAttempt(outcome, tried())).toEqual({
    status: "DELIVERED",
    answerStatus: 202,
    answer: "ok",
    nextTryAt: null,
  });
});
