/** Objectives that burn, of hosts and of roles, as the jobs find them in a real store. */
import { describe, expect } from "vitest";
import { DEFAULT_SETTINGS, type DetectionSettings } from "../../src/detect/settings.ts";
import { judgeRoles } from "../../src/jobs/detect/judge-roles.ts";
import type { Store } from "../../src/store/client.ts";
import { insertEvent } from "../../src/store/events.ts";
import { append, detector, incidentsOf, type Moves, MovingHost } from "../support/detection.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const CALM: Moves = { accepted: 100 };
/** So many that the losses before them are soon no more than a month allows. */
const BUSY: Moves = { accepted: 20_000 };
/** Half of all handshakes, at seven packets each. */
const LOSING: Moves = { accepted: 100, overflows: 700, drops: 700 };
/** Nothing but the objective opens an incident. */
const OBJECTIVES_ONLY: DetectionSettings = {
  ...DEFAULT_SETTINGS,
  all: { ...DEFAULT_SETTINGS.all, lossThreshold: 0.9 },
};

type Worker = ReturnType<typeof detector>;

/** Sends so many minutes of a host, each judged when it has come. @param next the worker of each minute */
async function minutes(store: Store, host: MovingHost, count: number, moves: Moves, next: () => Worker) {
  for (let minute = 0; minute < count; minute++) {
    await append(store, await host.intervals(6, moves));
    await next().run(host.at + 25_000);
  }
}

const burnsOf = async (store: Store) =>
  (await incidentsOf(store)).filter(({ cause }) => cause === "SLO_BURN");

describe("the objective of a host", () => {
  test("that burns fast is a page, and over once when nothing is lost any more", async ({ store }) => {
    const host = await MovingHost.make(store, "web-1", T0, { role: "web" });
    const worker = detector(store, OBJECTIVES_ONLY);
    await minutes(store, host, 5, CALM, () => worker);
    expect(await incidentsOf(store)).toEqual([]);
    await minutes(store, host, 5, LOSING, () => worker);
    const [burning] = await incidentsOf(store);
    expect(burning).toMatchObject({
      cause: "SLO_BURN",
      urgency: "PAGE",
      status: "OPEN",
      members: ["web-1"],
      title: "Too many new connections lost for the objective: web-1",
    });
    expect(JSON.stringify(burning?.diagnosis)).toContain("times what the objective of 99.9 % allows");
    await minutes(store, host, 12, BUSY, () => worker);
    expect(await incidentsOf(store)).toMatchObject([
      { cause: "SLO_BURN", status: "RESOLVED", kinds: ["OPENED", "RESOLVED"] },
    ]);
    const anomalies = await store.db.anomaly.findMany({ where: { detector: "slo_burn" } });
    expect(anomalies).toMatchObject([{ counter: "", incidentId: burning?.id, endedAt: expect.any(Date) }]);
  });

  test("burns the same when each minute is judged by another process", async ({ store }) => {
    const story = async (name: string, next: () => Worker) => {
      const host = await MovingHost.make(store, name, T0);
      await minutes(store, host, 4, CALM, next);
      await minutes(store, host, 8, LOSING, next);
    };
    const one = detector(store, OBJECTIVES_ONLY);
    await story("held", () => one);
    const [held] = await incidentsOf(store);
    await store.db
      .$executeRaw`TRUNCATE detect_state, detect_book, detect_burn, incident, anomaly, host, ts.snapshot CASCADE`;
    await store.db.$executeRaw`TRUNCATE ts.coverage, ts.rollup_minute, ts.gauge_minute, ts.shard`;
    await story("read", () => detector(store, OBJECTIVES_ONLY));
    const [read] = await incidentsOf(store);
    expect(held).toBeDefined();
    expect(read).toMatchObject({ startedAt: held?.startedAt, urgency: "PAGE", diagnosis: held?.diagnosis });
  });

  test("is not burnt by one loss of few connections, or by what was announced", async ({ store }) => {
    const quiet = await MovingHost.make(store, "quiet", T0);
    const kept = await MovingHost.make(store, "kept", T0, { role: "kept" });
    await insertEvent(store.db, {
      kind: "MAINTENANCE",
      title: "a new kernel",
      at: T0,
      until: T0 + 60 * MINUTE,
      matchers: [{ name: "role", op: "EQ", value: "kept" }],
      url: null,
      createdBy: "a person",
    });
    for (let minute = 0; minute < 6; minute++) {
      await append(store, await quiet.intervals(5, { accepted: 1 }));
      await append(store, await quiet.intervals(1, { overflows: 7, drops: 7 }));
      await append(store, await kept.intervals(6, LOSING));
    }
    await detector(store, OBJECTIVES_ONLY).run(quiet.at + 25_000);
    expect(await incidentsOf(store)).toEqual([]);
  });

  test("that a cause burns is told with the cause, as loudly", async ({ store }) => {
    const host = await MovingHost.make(store, "web-1", T0);
    const lenient = { ...DEFAULT_SETTINGS.all, pageShare: 0.9 };
    const worker = detector(store, { ...DEFAULT_SETTINGS, all: lenient });
    await minutes(store, host, 3, CALM, () => worker);
    await minutes(store, host, 8, LOSING, () => worker);
    const all = await incidentsOf(store);
    const cause = all.find((one) => one.cause !== "SLO_BURN");
    expect(all).toHaveLength(2);
    // What is lost is no page in itself, here.
    expect(cause).toMatchObject({ cause: "ACCEPT_QUEUE_TOO_SMALL", urgency: "PAGE", inhibitedBy: null });
    expect(await burnsOf(store)).toMatchObject([{ inhibitedBy: cause?.id }]);
  });
});

describe("the objective of a role", () => {
  test("burns by what many hosts lose of which none burns alone, as one incident of the role", async ({
    store,
  }) => {
    const hosts: MovingHost[] = [];
    for (let index = 0; index < 10; index++) {
      hosts.push(await MovingHost.make(store, `web-${index}`, T0, { role: "web" }));
    }
    const worker = detector(store, OBJECTIVES_ONLY);
    const roles = (now: number) => judgeRoles({ ...worker.deps, log: { warn: () => undefined } }, now);
    const pass = async (count: number, moves: Moves) => {
      for (let minute = 0; minute < count; minute++) {
        const rows = [];
        for (const host of hosts) {
          rows.push(...(await host.intervals(5, { accepted: moves.accepted ?? 0 })));
          rows.push(...(await host.intervals(1, moves)));
        }
        await append(store, rows);
        const now = (hosts[0]?.at ?? 0) + 25_000;
        await worker.run(now);
        await roles(now);
        await roles(now);
      }
    };
    await pass(3, { accepted: 1 });
    expect(await incidentsOf(store)).toEqual([]);
    await pass(9, { accepted: 1, overflows: 7, drops: 7 });
    expect(await burnsOf(store)).toMatchObject([
      {
        status: "OPEN",
        title: "Too many new connections lost for the objective: 10 hosts of web",
        labels: { role: "web" },
      },
    ]);
    await pass(12, BUSY);
    expect(await burnsOf(store)).toMatchObject([{ status: "RESOLVED" }]);
  });
});
