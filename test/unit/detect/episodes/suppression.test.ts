import { describe, expect, test } from "vitest";
import { CAUSES, type Cause } from "../../../../src/detect/diagnosis/cause.ts";
import { suppressedBy } from "../../../../src/detect/episodes/suppression.ts";

const MINUTE_MS = 60_000;
/** What a host does that is taken down and started again. */
const OF_A_RESTART = ["RESTART", "SERVICE_DOWN", "HOST_SILENT", "CLIENT_ABORTS", "UNKNOWN"];

function heldBack(kind: string, until: number | null, at: number): Cause[] {
  const event = { kind, title: "", at: 0, until };
  return CAUSES.filter((cause) => suppressedBy(cause, at, [event]) !== null);
}

describe.each(["deploy", "reboot"])("a %s that was recorded", (kind) => {
  test("holds back what a restart brings about, for five minutes, and no lost handshake", () => {
    expect(heldBack(kind, null, 0).sort()).toEqual([...OF_A_RESTART].sort());
    expect(heldBack(kind, null, 5 * MINUTE_MS - 1)).toHaveLength(OF_A_RESTART.length);
    expect(heldBack(kind, null, 5 * MINUTE_MS)).toEqual([]);
    expect(heldBack(kind, null, -1)).toEqual([]);
  });

  test("with an end holds it back until then, sooner or later", () => {
    expect(heldBack(kind, MINUTE_MS, MINUTE_MS)).toEqual([]);
    expect(heldBack(kind, 60 * MINUTE_MS, 59 * MINUTE_MS)).toHaveLength(OF_A_RESTART.length);
  });
});

test("maintenance holds back all but what is the matter with our own data, as long as it lasts", () => {
  const all = CAUSES.filter((cause) => cause !== "DATA_PROBLEM");
  expect(heldBack("maintenance", 600 * MINUTE_MS, 599 * MINUTE_MS)).toEqual(all);
  expect(heldBack("maintenance", 600 * MINUTE_MS, 600 * MINUTE_MS)).toEqual([]);
});

test("an event of another kind explains nothing", () => {
  expect(heldBack("note", 600 * MINUTE_MS, MINUTE_MS)).toEqual([]);
});

test("of several the first that explains it is named", () => {
  const [note, deploy, maintenance] = ["note", "deploy", "maintenance"].map((kind) => ({
    kind,
    title: kind,
    at: 0,
    until: MINUTE_MS,
  }));
  if (note === undefined || deploy === undefined || maintenance === undefined)
    throw new Error("three events");
  expect(suppressedBy("RESTART", 1, [note, deploy, maintenance])).toBe(deploy);
  expect(suppressedBy("APPLICATION_SLOW", 1, [note, deploy, maintenance])).toBe(maintenance);
});
