import { expect, test } from "vitest";
import { LATE_MARGIN_MS, retentionOf, stillRead } from "../../../src/store/retention/policy.ts";

const upper = Date.UTC(2026, 10, 22, 12);
const nothing = { minute: null, hour: null };
const retention = { rawMs: 7, minuteMs: 30, hourMs: 400 };

test("each table is kept as long as its resolution", () => {
  expect(retentionOf("snapshot_late", retention)).toBe(7);
  expect(retentionOf("listener_minute", retention)).toBe(30);
  expect(retentionOf("gauge_hour", retention)).toBe(400);
});

test.each([
  ["snapshot", "a minute in it", { ...nothing, minute: upper - 1 }, true],
  [
    "snapshot",
    "a minute whose predecessors may be in it",
    { ...nothing, minute: upper + LATE_MARGIN_MS - 1 },
    true,
  ],
  ["snapshot", "a minute a day and an hour later", { ...nothing, minute: upper + LATE_MARGIN_MS }, false],
  ["snapshot_hour", "a minute in it", { ...nothing, minute: upper - 1 }, true],
  ["snapshot", "an hour: those are made of minutes", { ...nothing, hour: upper - 3_600_000 }, false],
  ["rollup_minute", "an hour in it", { ...nothing, hour: upper - 3_600_000 }, true],
  ["coverage", "a minute in it", { ...nothing, minute: upper - 60_000 }, true],
  ["coverage", "an hour after it", { ...nothing, hour: upper }, false],
  ["rollup_hour", "anything", { minute: 0, hour: 0 }, false],
  ["snapshot", "nothing", nothing, false],
] as const)("a partition of %s, with %s to be rolled up: %j", (table, _what, unfinished, expected) => {
  expect(stillRead(table, upper, unfinished)).toBe(expected);
});
