import { expect, test } from "vitest";
import { type HostQuestion, takesRollups } from "../../../../src/store/queries/host-rollups.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 22, 12);

const question = (lastMs: number, more: Partial<HostQuestion> = {}): HostQuestion => ({
  range: { from: NOW - lastMs, to: NOW },
  namespaces: 1,
  everyMs: 10_000,
  stepMs: null,
  rawFrom: NOW - 7 * DAY,
  firstSeen: NOW - 365 * DAY,
  now: NOW,
  ...more,
});

test.each<[string, HostQuestion, boolean]>([
  ["a day of one namespace", question(DAY), false],
  ["six days of it", question(6 * DAY), true],
  ["six days each minute", question(6 * DAY, { everyMs: 60_000 }), false],
  ["a day, and years to come", question(DAY, { range: { from: NOW - DAY, to: NOW + 900 * DAY } }), false],
  ["an hour of 200 containers", question(HOUR, { namespaces: 200 }), true],
  ["a day that begins before the oldest snapshot", question(9 * DAY, { everyMs: 60_000 }), true],
  ["a month of a host that is new", question(30 * DAY, { firstSeen: NOW - DAY }), false],
  [
    "a month in steps that cut minutes, of a host that is seldom read",
    question(30 * DAY, { everyMs: 60_000, stepMs: 90_000 }),
    false,
  ],
])("%s", (_name, asked, expected) => {
  expect(takesRollups(asked)).toBe(expected);
});

test("too many snapshots for steps that cut minutes are refused, with what to do", () => {
  expect(() => takesRollups(question(6 * DAY, { stepMs: 10_000 }))).toThrow(
    /51840 snapshots; at most 50000 .* ask for steps of whole minutes/,
  );
});
