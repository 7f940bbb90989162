import { describe, expect, test } from "vitest";
import { decide, type GroupState, type Member, sayingOf } from "../../../src/notify/decide.ts";
import type { Timing } from "../../../src/notify/route.ts";
import { TRAITS } from "../../../src/notify/traits.ts";
import type { IncidentRecord } from "../../../src/store/incidents/records.ts";
import { incidentRecord } from "../../support/incident-records.ts";

const TIMING: Timing = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 14_400_000 };
const NOW = 1_000_000_000;

function member(said: Partial<IncidentRecord>, telling: Partial<Omit<Member, "incident">> = {}): Member {
  const incident = incidentRecord(said);
  return { incident, told: "NOTHING", saying: null, acknowledged: false, held: false, ...telling };
}

/** One that the far end was told of as it is, but for what is said. */
function told(said: Partial<IncidentRecord>, telling: Partial<Omit<Member, "incident">> = {}): Member {
  return member(said, { told: "FIRING", saying: sayingOf(incidentRecord()), ...telling });
}

function group(members: readonly Member[], said: Partial<GroupState> = {}): GroupState {
  return { sentAt: null, newsSince: null, members, ...said };
}

const acknowledged = { acknowledgedAt: NOW - 1, acknowledgedBy: "ada" };
const resolved = { resolvedAt: NOW - 1 };
/** Told long ago, with news that has waited. */
const LONG_AGO = { sentAt: NOW - 600_000, newsSince: NOW - 60_000 };

describe("what a group is told", () => {
  test.each<[string, GroupState, string | null, string[]]>([
    ["new, within group_wait: nothing yet", group([member({})], { newsSince: NOW - 29_999 }), null, []],
    ["new, after group_wait", group([member({})], { newsSince: NOW - 30_000 }), "OPENED", ["1 firing"]],
    [
      "two that are new",
      group([member({}), member({ id: 2 })], { newsSince: NOW - 30_000 }),
      "OPENED",
      ["1 firing", "2 firing"],
    ],
    [
      "one more, within group_interval: nothing yet",
      group([told({}), member({ id: 2 })], { sentAt: NOW - 299_999, newsSince: NOW - 60_000 }),
      null,
      [],
    ],
    [
      "one more, after it",
      group([told({}), member({ id: 2 })], LONG_AGO),
      "CHANGED",
      ["1 firing", "2 firing"],
    ],
    ["worse", group([told({ severity: "CRITICAL" })], LONG_AGO), "CHANGED", ["1 firing"]],
    ["louder", group([told({ urgency: "TICKET" })], LONG_AGO), "CHANGED", ["1 firing"]],
    ["another cause", group([told({ cause: "SERVICE_DOWN" })], LONG_AGO), "CHANGED", ["1 firing"]],
    ["more hosts: no news", group([told({ revision: 7 })], LONG_AGO), null, []],
    ["acknowledged", group([told(acknowledged)], LONG_AGO), "ACKNOWLEDGED", ["1 firing"]],
    ["acknowledged, and known", group([told(acknowledged, { acknowledged: true })], LONG_AGO), null, []],
    ["one of two acknowledged: no news", group([told(acknowledged), told({ id: 2 })], LONG_AGO), null, []],
    ["all over", group([told(resolved)], LONG_AGO), "RESOLVED", ["1 over"]],
    ["one of two over: told with the last", group([told(resolved), told({ id: 2 })], LONG_AGO), null, []],
    [
      "one over, one new",
      group([told(resolved), member({ id: 2 })], LONG_AGO),
      "CHANGED",
      ["2 firing", "1 over"],
    ],
    ["over before anybody was told", group([member(resolved)], { newsSince: NOW - 60_000 }), null, []],
    [
      "back after its end was told",
      group([member({}, { told: "RESOLVED" })], LONG_AGO),
      "OPENED",
      ["1 firing"],
    ],
    ["silenced", group([member({}, { held: true })], { newsSince: NOW - 60_000 }), null, []],
    ["worse, and silenced", group([told({ severity: "CRITICAL" }, { held: true })], LONG_AGO), null, []],
    [
      "over, and silenced: its end is told",
      group([told(resolved, { held: true })], LONG_AGO),
      "RESOLVED",
      ["1 over"],
    ],
    [
      "one over, the other silenced: not over",
      group([told(resolved), told({ id: 2 }, { held: true })], LONG_AGO),
      null,
      [],
    ],
    [
      "nothing new for repeat_interval",
      group([told({})], { sentAt: NOW - 14_400_000 }),
      "REMINDER",
      ["1 firing"],
    ],
    ["the same, silenced", group([told({}, { held: true })], { sentAt: NOW - 14_400_000 }), null, []],
    [
      "the same, acknowledged: somebody is at it",
      group([told(acknowledged, { acknowledged: true })], { sentAt: NOW - 14_400_000 }),
      null,
      [],
    ],
  ])("%s", (_name, state, kind, incidents) => {
    const { notification } = decide(state, TIMING, TRAITS.PAGERDUTY, NOW);
    expect(notification?.kind ?? null).toBe(kind);
    const said = notification?.incidents.map(({ id, firing }) => `${id} ${firing ? "firing" : "over"}`);
    expect(said ?? []).toEqual(incidents);
  });

  test("a far end that knows each incident is told of each end, and one that does not care of no acknowledgement", () => {
    const one = group([told(resolved), told({ id: 2 })], LONG_AGO);
    expect(decide(one, TIMING, TRAITS.ALERTMANAGER, NOW).notification?.kind).toBe("CHANGED");
    const known = group([told(acknowledged)], LONG_AGO);
    expect(decide(known, TIMING, TRAITS.EMAIL, NOW).notification).toBeNull();
  });

  test("a far end that forgets is told again of what was held back while it was told of something else", () => {
    const silenced = told({ id: 2 }, { held: true });
    const { notification, tellings } = decide(
      group([told({ severity: "CRITICAL" }), silenced], LONG_AGO),
      TIMING,
      TRAITS.ALERTMANAGER,
      NOW,
    );
    expect(notification?.incidents).toEqual([{ id: 1, firing: true }]);
    const released = (id: number, said: Partial<IncidentRecord>) =>
      told({ id, ...said }, { ...tellings.get(id), held: false });
    const next = group([released(1, { severity: "CRITICAL" }), released(2, {})], LONG_AGO);
    expect(decide(next, TIMING, TRAITS.ALERTMANAGER, NOW).notification?.incidents).toEqual([
      { id: 1, firing: true },
      { id: 2, firing: true },
    ]);
    // One that remembers knows of it.
    expect(
      decide(group([told(resolved), silenced], LONG_AGO), TIMING, TRAITS.WEBHOOK, NOW).tellings.has(2),
    ).toBe(false);
  });

  test("an episode begins when the far end knows of nothing that goes on", () => {
    const state = group([member({}), member({ id: 2 }, { told: "RESOLVED" })], { newsSince: NOW - 30_000 });
    expect(decide(state, TIMING, TRAITS.SLACK, NOW).notification?.begins).toBe(true);
    const going = group([told({}), member({ id: 2 })], LONG_AGO);
    expect(decide(going, TIMING, TRAITS.SLACK, NOW).notification?.begins).toBe(false);
  });
});

describe("an acknowledgement", () => {
  const outcomeOf = (state: GroupState) => {
    const { notification, tellings } = decide(state, TIMING, TRAITS.PAGERDUTY, NOW);
    return { kind: notification?.kind, acknowledged: tellings.get(1)?.acknowledged };
  };

  test("that came with other news is told after it", () => {
    const worse = told({ ...acknowledged, severity: "CRITICAL" });
    expect(outcomeOf(group([worse], LONG_AGO))).toEqual({ kind: "CHANGED", acknowledged: false });
    const known = { ...worse, saying: sayingOf(worse.incident) };
    expect(outcomeOf(group([known], LONG_AGO))).toEqual({ kind: "ACKNOWLEDGED", acknowledged: true });
  });

  test("that came before anybody was told of the incident is told after that", () => {
    const early = group([member(acknowledged)], { newsSince: NOW - 30_000 });
    expect(outcomeOf(early)).toEqual({ kind: "OPENED", acknowledged: false });
  });

  test("that was told stays told when there are other news", () => {
    const worse = told({ ...acknowledged, severity: "CRITICAL" }, { acknowledged: true });
    expect(outcomeOf(group([worse], LONG_AGO))).toEqual({ kind: "CHANGED", acknowledged: true });
  });

  test("of an incident that came back is told, whatever was told of it before its end", () => {
    const back = member(acknowledged, { told: "RESOLVED", acknowledged: true });
    expect(outcomeOf(group([back], LONG_AGO))).toEqual({ kind: "OPENED", acknowledged: false });
  });

  test("that is void, since the incident was resolved by hand and came back, is news to who was told of it", () => {
    const back = group([told({}, { acknowledged: true })], LONG_AGO);
    expect(outcomeOf(back)).toEqual({ kind: "CHANGED", acknowledged: false });
    expect(decide(back, TIMING, TRAITS.EMAIL, NOW).notification).toBeNull();
  });
});

test("what is over and told is forgotten an hour after the end could be told, while others go on", () => {
  const over = (ms: number) => told({ resolvedAt: NOW - ms }, { told: "RESOLVED" });
  const dropped = (ms: number) =>
    decide(group([over(ms), told({ id: 2 })], LONG_AGO), TIMING, TRAITS.SLACK, NOW).dropped;
  expect(dropped(TIMING.groupIntervalMs + 3_600_000)).toEqual([]);
  expect(dropped(TIMING.groupIntervalMs + 3_600_001)).toEqual([1]);
});

describe("when a group is looked at next", () => {
  const due = (state: GroupState) => decide(state, TIMING, TRAITS.SLACK, NOW).dueAt;

  test.each<[string, GroupState, number | null]>([
    ["after group_wait", group([member({})], { newsSince: NOW - 10_000 }), NOW + 20_000],
    [
      "after group_interval",
      group([told(resolved)], { sentAt: NOW - 100_000, newsSince: NOW - 60_000 }),
      NOW + 200_000,
    ],
    ["at the reminder", group([told({})], { sentAt: NOW - 14_390_000 }), NOW + 10_000],
    [
      "after a group_interval at the latest, while it goes on",
      group([told({})], { sentAt: NOW }),
      NOW + 300_000,
    ],
    ["likewise while it is held back", group([member({}, { held: true })]), NOW + 300_000],
    ["never, when nobody was told", group([member(resolved)]), null],
    [
      "when something may be said again, after the end",
      group([member(resolved, { told: "RESOLVED" })], { sentAt: NOW - 1_000 }),
      NOW + 299_000,
    ],
    [
      "never, some time after the end",
      group([member(resolved, { told: "RESOLVED" })], { sentAt: NOW - 300_000 }),
      null,
    ],
  ])("%s", (_name, state, at) => expect(due(state)).toBe(at));
});
