import { describe, expect, test } from "vitest";
import {
  changesAt,
  endOf,
  isActive,
  matchedLabels,
  matchesLabels,
  silencesOf,
} from "../../../src/incidents/silence-matching.ts";
import type { LabelMatcher } from "../../../src/store/host-filter.ts";
import type { IncidentRecord } from "../../../src/store/incidents/records.ts";
import type { SilenceRecord } from "../../../src/store/incidents/silences.ts";

const at = (time: string) => Date.parse(`2026-06-${time}Z`);
/** 02:00 to 04:00 UTC each Sunday; 2026-06-07 is one. */
const sundays = { days: ["SUN"], from: 120, to: 240, zone: "UTC" } as const;

function silence(said: Partial<SilenceRecord> = {}): SilenceRecord {
  return {
    id: 1,
    matchers: [{ name: "role", op: "EQ", value: "web" }],
    from: at("01T00:00"),
    until: at("30T00:00"),
    window: null,
    maintenance: false,
    comment: "works",
    createdBy: "ada",
    createdAt: 0,
    expiredAt: null,
    ...said,
  };
}

const incident = {
  labels: { role: "web", severity: "made up" },
  cause: "APPLICATION_SLOW",
  severity: "MAJOR",
} as unknown as IncidentRecord;

describe("matchers", () => {
  test("see the labels of an incident, and above them its cause and severity", () => {
    expect(matchedLabels(incident)).toEqual({ role: "web", cause: "APPLICATION_SLOW", severity: "MAJOR" });
  });

  test.each<[string, LabelMatcher[], boolean]>([
    [
      "all of them meet",
      [
        { name: "role", op: "EQ", value: "web" },
        { name: "severity", op: "RE", value: "M.*" },
      ],
      true,
    ],
    [
      "one does not",
      [
        { name: "role", op: "EQ", value: "web" },
        { name: "cause", op: "EQ", value: "UNKNOWN" },
      ],
      false,
    ],
    ["patterns are anchored", [{ name: "role", op: "RE", value: "we" }], false],
    ["a label that is missing is empty", [{ name: "zone", op: "NE", value: "" }], false],
    ["what objects inherit is no label", [{ name: "constructor", op: "EQ", value: "" }], true],
  ])("%s", (_name, matchers, expected) => {
    expect(matchesLabels({ matchers }, matchedLabels(incident))).toBe(expected);
  });
});

describe("a silence", () => {
  test.each<[string, Partial<SilenceRecord>, string, boolean, string | null]>([
    ["has not begun", {}, "00T23:59", false, "01T00:00"],
    ["holds from its beginning", {}, "01T00:00", true, "30T00:00"],
    ["is over at its end", {}, "30T00:00", false, null],
    ["is over when a person ended it", { expiredAt: at("10T00:00") }, "10T00:00", false, null],
    ["holds until a person ended it", { expiredAt: at("10T00:00") }, "09T00:00", true, "10T00:00"],
    ["holds within its window", { window: sundays }, "07T03:00", true, "07T04:00"],
    ["does not outside of it", { window: sundays }, "07T04:00", false, "14T02:00"],
    ["begins within its window", { window: sundays, from: at("07T03:00") }, "06T00:00", false, "07T03:00"],
    ["begins before it", { window: sundays, from: at("06T12:00") }, "06T00:00", false, "07T02:00"],
    ["ends within its window", { window: sundays, until: at("07T03:00") }, "07T02:30", true, "07T03:00"],
    [
      "ends before its window comes again",
      { window: sundays, until: at("10T00:00") },
      "08T00:00",
      false,
      null,
    ],
    ["without an end comes again and again", { window: sundays, until: null }, "29T00:00", false, "35T02:00"],
  ])("%s", (_name, said, time, active, changes) => {
    const day = (text: string) =>
      at("01T00:00") +
      (Number(text.slice(0, 2)) - 1) * 86_400_000 +
      Date.parse(`1970-01-01T${text.slice(3)}Z`);
    expect([isActive(silence(said), day(time)), changesAt(silence(said), day(time))]).toEqual([
      active,
      changes === null ? null : day(changes),
    ]);
  });

  test("ends for good at the first of its ends", () => {
    expect(endOf({ until: 5, expiredAt: 3 })).toBe(3);
    expect(endOf({ until: 5, expiredAt: null })).toBe(5);
    expect(endOf({ until: null, expiredAt: 3 })).toBe(3);
    expect(endOf({ until: null, expiredAt: null })).toBeNull();
  });

  test("holds an incident back when it matches and holds", () => {
    const silences = [
      silence(),
      silence({ id: 2, matchers: [{ name: "role", op: "EQ", value: "db" }] }),
      silence({ id: 3, window: sundays }),
    ];
    expect(silencesOf(incident, silences, at("07T03:00")).map(({ id }) => id)).toEqual([1, 3]);
    expect(silencesOf(incident, silences, at("08T03:00")).map(({ id }) => id)).toEqual([1]);
  });
});
