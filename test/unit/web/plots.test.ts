import { expect, test } from "vitest";
import { groupsOf, heatLevel } from "../../../web/dashboard/pages/fleet/groups.ts";
import { parseCounters, printCounters } from "../../../web/dashboard/pages/host/counters.ts";
import { incidentMarks, incidentRange } from "../../../web/dashboard/pages/incident/range.ts";
import { peakOf, perSecond, stacked, stepTimes } from "../../../web/dashboard/plots/times.ts";

test("steps begin where the API says, in seconds", () => {
  expect(stepTimes("1970-01-01T00:01:00.000Z", "5m", 3)).toEqual([60, 360, 660]);
});

test("stacked series stand on each other, and have a hole only where nothing is known", () => {
  expect(
    stacked([
      [1, null, null],
      [2, 5, null],
    ]),
  ).toEqual([
    [1, 0, null],
    [3, 5, null],
  ]);
  expect(stacked([])).toEqual([]);
});

const MINUTE = 60_000;

test.each([
  ["steps that are over", 11 * MINUTE, [2, 0, null]],
  ["one of which two thirds have passed", 560_000, [2, 0, null]],
  ["one that has just begun", 7 * MINUTE, [2, null, null]],
])("a rate is what grew over the time that has passed of a step: %s", (_name, now, expected) => {
  const asked = { start: "1970-01-01T00:01:00.000Z", step: "5m", range: { from: MINUTE, to: now }, now };
  expect(perSecond([600, 0, null], asked)).toEqual(expected);
});

test("a step that is not over is reckoned over what has passed of it", () => {
  const asked = {
    start: "1970-01-01T00:00:00.000Z",
    step: "5m",
    range: { from: 0, to: 200_000 },
    now: 200_000,
  };
  expect(perSecond([600], asked)).toEqual([3]);
});

test("of a step that the range has a part of, the minutes count that the range touches", () => {
  const start = "1970-01-01T00:00:00.000Z";
  // From within the second minute, to within the fourteenth: 4 minutes of the first step, 4 of the last.
  const range = { from: 90_000, to: 13.2 * MINUTE };
  expect(perSecond([240, 600, 240], { start, step: "5m", range, now: 60 * MINUTE })).toEqual([1, 2, 1]);
  // A part of it too small to tell.
  const late = { from: 4 * MINUTE, to: 11 * MINUTE };
  expect(perSecond([240, 600, 60], { start, step: "5m", range: late, now: 60 * MINUTE })).toEqual([
    null,
    2,
    null,
  ]);
});

test("an hour that the range cuts may hold what lies outside of it, and one that is not over does not", () => {
  const start = "1970-01-01T00:00:00.000Z";
  const range = { from: 10 * MINUTE, to: 170 * MINUTE };
  const growth = [3_600, 7_200, 3_000];
  expect(perSecond(growth, { start, step: "1h", range, now: 300 * MINUTE })).toEqual([null, 2, null]);
  expect(perSecond(growth, { start, step: "1h", range, now: 170 * MINUTE })).toEqual([null, 2, 1]);
});

test("the peak is the first of the greatest", () => {
  expect(peakOf([null, 2, 7, 7])).toEqual({ index: 2, value: 7 });
  expect(peakOf([null])).toBeNull();
});

test("groups come by size, and what has no colour left is summed up", () => {
  const series = Array.from({ length: 10 }, (_, index) => ({
    labels: { zone: `z${index}` },
    values: [index, null],
  }));
  const groups = groupsOf(series, "zone", "All");
  expect(groups.map(({ name, values }) => [name, ...values])).toEqual([
    ["z9", 9, null],
    ["z8", 8, null],
    ["z7", 7, null],
    ["z6", 6, null],
    ["z5", 5, null],
    ["z4", 4, null],
    ["z3", 3, null],
    ["2 others", 3, null],
  ]);
  expect(groups.map(({ color }) => color)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(groupsOf([{ labels: {}, values: [4] }], "zone", "All")).toEqual([
    { name: "without zone", values: [4], color: 1 },
  ]);
  expect(groupsOf([{ labels: {}, values: [4] }], null, "All")).toEqual([
    { name: "All", values: [4], color: 1 },
  ]);
});

test("the heatmap is pale for few and dark for many, and has a colour of its own for none", () => {
  expect([0, 1, 100, 300, 1_000, 3_000, 4_000, 10_000].map((value) => heatLevel(value, 10_000))).toEqual([
    0, 1, 1, 2, 3, 4, 5, 5,
  ]);
  expect(heatLevel(0, 0)).toBe(0);
});

test("counters of a host's plots are in the URL, where they are not those shown by default", () => {
  expect(printCounters(parseCounters(null))).toBeNull();
  expect(parseCounters("TcpInSegs,TcpInSegs,a b,,TcpOutSegs")).toEqual(["TcpInSegs", "TcpOutSegs"]);
  expect(printCounters(["TcpInSegs", "TcpOutSegs"])).toBe("TcpInSegs,TcpOutSegs");
  expect(parseCounters("")).toEqual([]);
});

test("an incident's plots begin before it, and end after it in whole minutes", () => {
  const startedAt = "2026-11-26T12:00:30.000Z";
  expect(incidentRange({ startedAt, resolvedAt: null })).toEqual({ from: "2026-11-26T11:40:00.000Z" });
  expect(incidentRange({ startedAt, resolvedAt: "2026-11-26T12:20:10.000Z" })).toEqual({
    from: "2026-11-26T11:40:00.000Z",
    to: "2026-11-26T12:31:00.000Z",
  });
  expect(incidentRange({ startedAt, resolvedAt: "2026-12-26T12:20:10.000Z" }).to).toBe(
    "2026-11-27T12:00:00.000Z",
  );
  const events = [{ kind: "DEPLOY", title: "shop 2", at: "2026-11-26T11:59:00.000Z" }];
  expect(
    incidentMarks({ startedAt, resolvedAt: null, events }).map(({ kind, text }) => [kind, text]),
  ).toEqual([
    ["incident", "The incident began"],
    ["event", "deploy: shop 2"],
  ]);
});
