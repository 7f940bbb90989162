import { expect, test } from "vitest";
import { reportOf } from "../../../../bench/detect/report.ts";
import type { PlayedScore } from "../../../../bench/detect/scored.ts";

const NONE = { found: 0, wrong: 0, missed: 1 };
const RULES = {
  "Netdata's four rules": NONE,
  "increase(ListenOverflows[5m]) > 0": { found: 1, wrong: 1, missed: 0 },
  "EW 3-sigma": { found: 1, wrong: 3, missed: 0 },
  "always off": NONE,
};

const played = (seed: number, more: Partial<PlayedScore> = {}): PlayedScore => ({
  scenario: "a stall",
  seed,
  host: seed,
  counts: { found: 1, wrong: 0, missed: 0 },
  duplicates: 0,
  noted: 0,
  falsePages: 0,
  wrong: [],
  named: [{ truth: "APPLICATION_STALLED", named: "APPLICATION_STALLED", right: true, seconds: seed * 10 }],
  loss: { judged: 2, error: 0.02, inRange: 1 },
  flags: { expected: 0, found: 0 },
  rules: RULES,
  ...more,
});

/** Four runs of four hosts: three found, one of them under another name, one missed and told of nothing. */
const report = reportOf({
  seeds: [1, 2, 3, 4],
  learnDays: 9,
  played: [
    played(1),
    played(2),
    played(3, {
      named: [{ truth: "APPLICATION_STALLED", named: "APPLICATION_SLOW", right: false, seconds: 30 }],
      loss: { judged: 4, error: 0.08, inRange: 0.4 },
      duplicates: 2,
    }),
    played(4, {
      counts: { found: 0, wrong: 1, missed: 1 },
      named: [],
      loss: null,
      falsePages: 1,
      wrong: ["UNKNOWN"],
    }),
  ],
  benign: {
    hostWeeks: 3_000,
    everySeconds: 60,
    incidents: { UNKNOWN: { opened: 4, paged: 0 }, RESTART: { opened: 6, paged: 0 } },
    alerts: {
      "Netdata's four rules": 0,
      "increase(ListenOverflows[5m]) > 0": 6_000,
      "EW 3-sigma": 9_000,
      "always off": 0,
    },
  },
  cost: {
    nsPerSeries: 312.4,
    bytesPerSeries: 118.2,
    bytesPerSeasonalSeries: 187,
    storedBytes: 800_000,
    storedMs: 20,
    fleetSeries: 400_000,
    corePercent: 0.208,
  },
});

test("what was found of all scenarios, with its interval, beside the rules", () => {
  expect(report).toContain("4 runs: 1 scenarios with the seeds 1 to 4, on baselines of 9 days.");
  expect(report).toMatch(
    /\| Spillway \| 75\.0 % \| 75\.0 % \| \*\*0\.750\*\* \(\d\.\d{3} to \d\.\d{3}\) \| 3 \| 1 \| 1 \|/,
  );
  // Four found and four told of nothing; none missed.
  expect(report).toMatch(/\| increase\(ListenOverflows\[5m\]\) > 0 \| 50\.0 % \| 100\.0 % \| \*\*0\.667\*\*/);
  expect(report).toMatch(
    /\| always off \| {2}\| 0\.0 % \| \*\*0\.000\*\* \(0\.000 to 0\.000\) \| 0 \| 0 \| 4 \|/,
  );
});

test("each scenario: the cause, the time to detect, what was told twice or woke somebody", () => {
  expect(report).toContain(
    "| a stall | 4 | 75.0 % | 75.0 % | 0.75 | 66.7 % | 20 s / 30 s | 1 | 2 | 0 | 1 | 0.00 | 0.67 |",
  );
  expect(report).toContain("2 of 3 right (66.7 %).");
  expect(report).toContain("| APPLICATION_STALLED | 3 | 2 | APPLICATION_SLOW 1 |");
});

test("the error of the share lost is the mean over runs", () => {
  expect(report).toContain("Over 3 runs in which some were: the estimate is off by 4.0 points on average");
  expect(report).toContain("within the range in 80.0 % of the judgements");
});

test("rates of what was raised of nothing, with their bounds", () => {
  expect(report).toContain("3,000 host-weeks, snapshots each 60 s.");
  expect(report).toContain("| Spillway wakes somebody | 0 | 0.0 | 0.0010 |");
  expect(report).toMatch(/\| Spillway opens an incident \| 10 \| 0\.0033 \| 0\.0057 \|/);
  expect(report).toMatch(/\| increase\(ListenOverflows\[5m\]\) > 0 \| 6000 \| 2\.0 \|/);
  expect(report).toContain("| a series, each evaluation | 312 ns of CPU |");
});
