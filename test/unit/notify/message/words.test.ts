import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { oneLine } from "../../../../src/notify/message/clean.ts";
import { drawTrend } from "../../../../src/notify/message/trend.ts";
import {
  causeWords,
  durationWords,
  lossWords,
  shareWords,
  timeWords,
} from "../../../../src/notify/message/words.ts";
import { hostileText } from "../../../support/receivers/notifications.ts";

test.each([
  [0, "0 %"],
  [0.0042, "0.42 %"],
  [0.0999, "10 %"],
  [0.56, "56 %"],
  [1, "100 %"],
])("a share of %d is %s", (share, words) => expect(shareWords(share)).toBe(words));

test("a range that is none is left out", () => {
  expect(lossWords({ share: 0.5, low: 0.5, high: 0.501 })).toBe("50 % of new connections");
  expect(lossWords({ share: 0.5, low: 0.4, high: 0.9 })).toBe("50 % of new connections (40 % to 90 %)");
});

test.each([
  [-1, "0 s"],
  [400, "0 s"],
  [45_000, "45 s"],
  [60_000, "1 min"],
  [100_000, "1 min"],
  [3_600_000, "1 h"],
  [12_000_000, "3 h 20 min"],
  [90_000_000, "1 d 1 h"],
  [86_400_000 + 120_000, "1 d"],
])("%d ms are %s", (ms, words) => expect(durationWords(ms)).toBe(words));

test("times and causes", () => {
  expect(timeWords(Date.UTC(2026, 10, 22, 10, 42, 59))).toBe("2026-11-22 10:42 UTC");
  expect(timeWords(Number.NaN)).toBe("at an unknown time");
  expect([causeWords("APPLICATION_STALLED"), causeWords("SYN_FLOOD"), causeWords("SYN_QUEUE_FULL")]).toEqual([
    "application stalled",
    "SYN flood",
    "SYN queue full",
  ]);
});

describe("a trend", () => {
  test.each([
    [null, null],
    [[], null],
    [[0, 0, 0], null],
    [[Number.NaN], null],
    [[0, 0.01, 50, 100], { plot: "▁▂▅█", highest: 100 }],
    [[Number.NaN, 1], { plot: "·█", highest: 1 }],
  ])("%j", (values, drawn) => expect(drawTrend(values)).toEqual(drawn));

  test("of whatever length has at most forty steps, the highest of which is full", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 500 }), (values) => {
        const drawn = drawTrend(values);
        const highest = Math.max(0, ...values);
        if (highest === 0) return drawn === null;
        return (
          drawn?.highest === highest &&
          drawn.plot.includes("█") &&
          drawn.plot.length === Math.min(40, values.length)
        );
      }),
    );
  });
});

describe("one line", () => {
  test.each([
    ["a\r\nb\u0000\u001b[2J", "a b [2J"],
    ["  a \t b  ", "a b"],
    ["\u202egnp.exe", "gnp.exe"],
    ["\ud800x", "\ufffdx"],
    ["abcdefghijk", "abcdefghi…"],
    ["💥".repeat(11), `${"💥".repeat(9)}…`],
    ["abcdefghij", "abcdefghij"],
  ])("%j", (text, line) => expect(oneLine(text, 10)).toBe(line));

  test("of whatever text is short, well-formed and has nothing unseen", () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 2, max: 300 }), (text, length) => {
        const line = oneLine(text, length);
        expect([...line].length).toBeLessThanOrEqual(length);
        expect(line).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e]/u);
        expect(line).toBe(oneLine(line, length));
      }),
    );
  });
});
