/** Data that comes late: the same comes of it, however it is cut and whenever it is judged. */
import { describe, expect } from "vitest";
import { judgeShard } from "../../src/jobs/detect/judge-shard.ts";
import type { Store } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import type { SnapshotRow } from "../../src/store/snapshots.ts";
import {
  append,
  detector,
  FULL,
  INTERVAL_MS,
  incidentsOf,
  type Moves,
  MovingHost,
} from "../support/detection.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const CALM: Moves = { accepted: 50 };
const STALLED: Moves = { overflows: 60, drops: 60 };
const FLOODED: Moves = {
  accepted: 20,
  queueFullCookies: 600,
  cookiesSent: 600,
  cookiesReceived: 6,
  synRetransmits: 40,
};

/** Half an hour of which three minutes in the middle are a stall, and two others a flood. */
async function backlogOf(host: MovingHost): Promise<SnapshotRow[]> {
  const rows: SnapshotRow[] = [];
  for (const [intervals, moves, listener] of [
    [36, CALM],
    [18, STALLED, FULL],
    [60, CALM],
    [18, FLOODED],
    [48, CALM],
  ] as const) {
    rows.push(...(await host.intervals(intervals, moves, listener)));
  }
  return rows;
}

/** What of incidents is the same whenever they were found. */
async function found(store: Store) {
  return (await incidentsOf(store)).map(({ cause, startedAt, resolvedAt, kinds }) => ({
    cause,
    startedAt: startedAt.getTime() - T0,
    resolvedAt: (resolvedAt?.getTime() ?? 0) - T0,
    kinds: kinds.filter((kind) => kind === "OPENED" || kind === "REOPENED" || kind === "RESOLVED"),
  }));
}

const EXPECTED = [
  {
    cause: "APPLICATION_STALLED",
    startedAt: 36 * INTERVAL_MS,
    resolvedAt: (36 + 18 + 30) * INTERVAL_MS,
    kinds: ["OPENED", "RESOLVED"],
  },
  {
    cause: "SYN_FLOOD",
    startedAt: expect.any(Number),
    resolvedAt: expect.any(Number),
    kinds: ["OPENED", "RESOLVED"],
  },
];

describe("half an hour at once, to a service that has just begun", () => {
  test.for([0, 5, 25, 45])("with %d s of the next minute gone", async (seconds, { store }) => {
    const host = await MovingHost.make(store, "late", T0);
    await append(store, await backlogOf(host));
    const { run } = detector(store);
    const now = Math.ceil((host.at - INTERVAL_MS) / MINUTE) * MINUTE + seconds * 1_000;
    for (let look = 0; look < 4; look++) await run(now + look * 30_000);
    expect(await found(store)).toEqual(EXPECTED);
  });

  test.for([15, 40])("in pieces of %d snapshots, each judged before the next", async (size, { store }) => {
    const host = await MovingHost.make(store, "late", T0);
    const rows = await backlogOf(host);
    const { run } = detector(store);
    for (let at = 0; at < rows.length; at += size) {
      await append(store, rows.slice(at, at + size));
      await run(host.at + at);
    }
    for (let look = 0; look < 3; look++) await run(host.at + MINUTE + look * 30_000);
    expect(await found(store)).toEqual(EXPECTED);
  });
});

describe("half an hour at once, of one host among others that are judged", () => {
  test.for([false, true])(
    "is judged by itself, and nobody else twice; by other processes: %s",
    async (others, { store }) => {
      const late = await MovingHost.make(store, "late", T0);
      const live = await MovingHost.make(store, "live", T0);
      const one = detector(store);
      const next = () => (others ? detector(store) : one);
      const rows = await backlogOf(late);
      const story = [
        ...(await live.intervals(150, CALM)),
        ...(await live.intervals(6, STALLED, FULL)),
        ...(await live.intervals(30, CALM)),
      ];
      await append(store, rows.slice(0, 12));
      await append(store, story);
      await next().run(live.at + 30_000);
      expect((await incidentsOf(store)).map(({ members, title }) => [members.length, title])).toEqual([
        [1, "Application accepts nothing on port 81: live"],
      ]);
      const anomalies = await store.db.anomaly.count();
      const before = await incidentsOf(store);

      await append(store, rows.slice(12));
      for (let look = 0; look < 4; look++) await next().run(live.at + 40_000 + look * 1_000);
      const all = await found(store);
      expect(all.filter(({ cause }) => cause !== "SLO_BURN").slice(1)).toEqual(EXPECTED);
      expect((await incidentsOf(store))[0]?.kinds).toEqual(before[0]?.kinds);
      const ofLive = { hostId: live.member.hostId };
      expect(await store.db.anomaly.count({ where: ofLive })).toBe(anomalies);
      expect(await store.db.rolledMinute.count()).toBeLessThan(3);
    },
  );
});

describe("a minute of one host that comes late, when others were judged for it", () => {
  test.for([false, true])(
    "ends nothing of them, nor the objective of its own; by other processes: %s",
    async (others, { store }) => {
      const burning = await MovingHost.make(store, "burning", T0);
      const late = await MovingHost.make(store, "late", T0);
      const one = detector(store);
      const next = () => (others ? detector(store) : one);
      const losing: Moves = { accepted: 100, overflows: 700, drops: 700 };
      for (let minute = 0; minute < 12; minute++) {
        await append(store, await burning.intervals(6, losing));
        const rows = await late.intervals(6, losing);
        // Each second minute of it comes when it has been judged without.
        if (minute % 2 === 0) await append(store, rows);
        await next().run(burning.at + 25_000);
        if (minute % 2 === 0) continue;
        await append(store, rows);
        await next().run(burning.at + 27_000);
      }
      const burns = await store.db.anomaly.findMany({ where: { detector: "slo_burn" } });
      expect(burns.map(({ hostId }) => hostId).sort((a, b) => a - b)).toEqual([
        burning.member.hostId,
        late.member.hostId,
      ]);
      expect(burns).toMatchObject([{ endedAt: null }, { endedAt: null }]);
    },
  );
});

test("a host that is younger than what the worker knows of the fleet is judged all the same", async ({
  store,
}) => {
  const view = new FleetView(store.db, () => T0);
  await view.read();
  const host = await MovingHost.make(store, "young", T0);
  await append(store, await backlogOf(host));
  const { deps, rollUp } = detector(store);
  const now = host.at + 30_000;
  await rollUp(now);
  const judging = { ...deps, fleet: view };
  for (;;) {
    const outcome = await judgeShard(judging, host.member.namespaceId >> 8, now);
    if (outcome.kind === "busy" || !outcome.more) break;
  }
  expect(await found(store)).toEqual(EXPECTED);
});
