import { describe, expect, test } from "vitest";
import type { IncidentSeen } from "../../../src/drill/events.ts";
import { incidentOf, NOTHING_SEEN, type Told, whatIsNew } from "../../../src/drill/follow.ts";
import { incidentSeen } from "./support.ts";

const COUNTER = "TcpExtListenOverflows";
const NOTHING: Told = { increase: null, flags: [], incidents: [] };
const FLAG = { id: "anomaly_1_1", detector: "burst", explanation: "40 ListenOverflows." };
const SMALL = incidentSeen({ id: "incident_1", cause: "ACCEPT_QUEUE_TOO_SMALL" });

/** What is told of answers that come one after the other. */
function typesOf(...answers: readonly Partial<Told>[]): string[][] {
  let seen = NOTHING_SEEN;
  return answers.map((answer) => {
    const next = whatIsNew(COUNTER, seen, { ...NOTHING, ...answer });
    seen = next.seen;
    return next.news.map(({ type }) => type);
  });
}

describe("what is new is told once", () => {
  test("the first drops, not that there are none", () => {
    expect(typesOf({}, { increase: "0" }, { increase: "40" }, { increase: "60" })).toEqual([
      [],
      [],
      ["seen"],
      [],
    ]);
  });

  test("each flag", () => {
    const other = { ...FLAG, id: "anomaly_1_2" };
    expect(typesOf({ flags: [FLAG] }, { flags: [FLAG, other] }, { flags: [other] })).toEqual([
      ["flagged"],
      ["flagged"],
      [],
    ]);
  });

  test("an incident, and when its cause becomes another", () => {
    const slow: IncidentSeen = { ...SMALL, cause: "APPLICATION_SLOW" };
    expect(typesOf({ incidents: [SMALL] }, { incidents: [SMALL] }, { incidents: [slow] })).toEqual([
      ["opened"],
      [],
      ["renamed"],
    ]);
  });

  test("all that comes at once, in the order in which it comes about", () => {
    expect(typesOf({ increase: "40", flags: [FLAG], incidents: [SMALL] })).toEqual([
      ["seen", "flagged", "opened"],
    ]);
  });
});

test("the verdict is about the incident of the right cause, or else the first that was opened", () => {
  const slow = incidentSeen({ id: "incident_2", cause: "APPLICATION_SLOW" });
  expect(incidentOf("APPLICATION_SLOW", { incidents: [slow, SMALL] })).toBe(slow);
  expect(incidentOf("SYN_FLOOD", { incidents: [slow, SMALL] })).toBe(SMALL);
  expect(incidentOf("SYN_FLOOD", { incidents: [] })).toBeNull();
});
