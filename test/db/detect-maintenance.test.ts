/** Faults while somebody maintains the host: written down, and no incident unless they outlast the window. */
import { describe, expect } from "vitest";
import { insertEvent } from "../../src/store/events.ts";
import { insertSilence } from "../../src/store/incidents/silences.ts";
import { detector, FULL, incidentsOf, type Moves, MovingHost } from "../support/detection.ts";
import { live } from "../support/live.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const CALM: Moves = { accepted: 50 };
const STALLED: Moves = { overflows: 60, drops: 60 };

describe("a fault in a maintenance window", () => {
  test("is an anomaly, and no incident before the window is over", async ({ store }) => {
    const host = await MovingHost.make(store, "web-1", T0, { role: "web" });
    const until = T0 + 5 * MINUTE;
    await insertEvent(store.db, {
      kind: "MAINTENANCE",
      title: "a new kernel",
      at: T0,
      until,
      matchers: [{ name: "role", op: "EQ", value: "web" }],
      url: null,
      createdBy: "a person",
    });
    const { run } = detector(store);
    await live(store, host, run, [
      [12, CALM],
      [18, STALLED, FULL],
    ]);
    expect(await incidentsOf(store)).toEqual([]);
    expect(await store.db.anomaly.count({ where: { counter: "TcpExtListenOverflows" } })).toBe(1);
    await live(store, host, run, [[3, STALLED, FULL]]);
    expect(await incidentsOf(store)).toMatchObject([{ status: "OPEN", cause: "APPLICATION_STALLED" }]);
  });
});

describe("a fault in a recurring window of maintenance", () => {
  // Clocks of Berlin show 01:55 and five minutes later 03:00 in spring; in autumn it is the second 02:55.
  const changes = [
    ["when clocks are put forward", Date.UTC(2026, 2, 29, 0, 55)],
    ["when clocks are put back", Date.UTC(2026, 9, 25, 1, 55)],
  ] as const;
  test.for(changes)("%s, is no incident before the window is over", async ([, from], { store }) => {
    const host = await MovingHost.make(store, "db-1", from, { role: "db" });
    await insertSilence(store.db, {
      matchers: [{ name: "host", op: "RE", value: "db-.*" }],
      from: from - MINUTE,
      until: null,
      window: { days: ["SUN"], from: 90, to: 3 * 60, zone: "Europe/Berlin" },
      maintenance: true,
      comment: "backups",
      createdBy: "a person",
      createdAt: from - MINUTE,
    });
    const { run } = detector(store);
    await live(store, host, run, [
      [12, CALM],
      [17, STALLED, FULL],
    ]);
    expect(await incidentsOf(store)).toEqual([]);
    await live(store, host, run, [[6, STALLED, FULL]]);
    expect(await incidentsOf(store)).toMatchObject([{ status: "OPEN", cause: "APPLICATION_STALLED" }]);
  });
});
