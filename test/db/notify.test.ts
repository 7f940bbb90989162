/** From the timeline to far ends: each is told what it shall, in order, whatever fails. */
import { describe, expect } from "vitest";
import { compose } from "../../src/notify/compose.ts";
import { inTransaction } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { setInhibition } from "../../src/store/incidents/inhibit.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { newMember, T0 } from "../support/incidents.ts";
import {
  acknowledge,
  closeIncident,
  Ear,
  expectNothingLeft,
  openIncident,
  silence,
  TestNotifier,
  TIMING,
  toAll,
} from "../support/notifying.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;

/** Does something for each key, for five at a time. */
async function five(keys: readonly string[], work: (key: string) => Promise<unknown>): Promise<void> {
  for (let index = 0; index < keys.length; index += 5) {
    await Promise.all(keys.slice(index, index + 5).map(work));
  }
}

describe("an incident", () => {
  test("is told when it opens and when it is over, under one key, with what was around it", async ({
    store: { db },
  }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear]);
    const host = await newMember(db, "web-1");
    await db.event.create({
      data: {
        kind: "DEPLOY",
        title: "shop 1.2",
        at: new Date(T0 - MINUTE),
        matchers: [],
        createdBy: "ci",
        createdAt: new Date(T0),
      },
    });
    const { incidentId } = await openIncident(db, "a", { hosts: [host] });
    await notifier.pass(29_000, 29_000);
    expect(ear.words).toEqual([]);
    await notifier.pass(1_000);
    expect(ear.words).toEqual([`OPENED ${incidentId}`]);
    expect(ear.heard[0]).toMatchObject({
      groupLabels: { role: "web", cause: "APPLICATION_SLOW" },
      url: `https://spillway.example/incidents/${incidentId}`,
      incidents: [
        {
          hostCount: 1,
          hosts: ["web-1"],
          precededBy: { kind: "DEPLOY", title: "shop 1.2" },
          firing: true,
          labelsAtFirst: { role: "web", cause: "APPLICATION_SLOW" },
        },
      ],
    });
    await closeIncident(db, "a");
    await notifier.pass(10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${incidentId}`, `RESOLVED ${-incidentId}`]);
    const [opened, resolved] = ear.heard;
    expect(resolved?.groupKey).toBe(opened?.groupKey);
    expect(resolved?.idempotencyKey).not.toBe(opened?.idempotencyKey);
    await expectNothingLeft(db);
    const told = await db.delivery.findMany({ include: { incidents: true }, orderBy: { id: "asc" } });
    expect(told.map(({ status, attempts, incidents }) => [status, attempts, incidents[0]?.firing])).toEqual([
      ["DELIVERED", 1, true],
      ["DELIVERED", 1, false],
    ]);
  });

  test("that ends within group_wait is told to nobody", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear]);
    await openIncident(db, "a");
    await notifier.pass(20_000, 10_000);
    await closeIncident(db, "a");
    await notifier.pass(10 * MINUTE);
    expect(ear.heard).toEqual([]);
    await expectNothingLeft(db);
  });

  test("that is acknowledged is told so to who wants to know, and reminded of no more", async ({
    store: { db },
  }) => {
    const [pager, mail] = [new Ear("pager"), new Ear("mail", "EMAIL")];
    const notifier = new TestNotifier(db, [pager, mail]);
    const { incidentId: id } = await openIncident(db, "a");
    await notifier.pass(MINUTE);
    await acknowledge(db, id, notifier.now);
    await notifier.pass(9 * 60 * MINUTE, 10 * MINUTE);
    expect(pager.words).toEqual([`OPENED ${id}`, `ACKNOWLEDGED ${id}`]);
    expect(mail.words).toEqual([`OPENED ${id}`]);
  });

  test("that goes on is told again after repeat_interval", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await openIncident(db, "a");
    await notifier.pass(9 * 60 * MINUTE, 10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`, `REMINDER ${id}`, `REMINDER ${id}`]);
  });

  test("that is back after its end is told by another key, and keeps group_interval", async ({
    store: { db },
  }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await openIncident(db, "a");
    await notifier.pass(6 * MINUTE);
    await closeIncident(db, "a", T0 + 6 * MINUTE);
    await notifier.pass(MINUTE);
    await openIncident(db, "a", { judgedAt: T0 + 8 * MINUTE });
    await notifier.pass(10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`, `RESOLVED ${-id}`, `OPENED ${id}`]);
    const [, resolved, again] = ear.heard;
    expect(again?.groupKey).not.toBe(resolved?.groupKey);
    expect((again?.at ?? 0) - (resolved?.at ?? 0)).toBeGreaterThanOrEqual(5 * MINUTE);
  });

  test("that a silence or another incident holds back is told when that ends, and its end in any case", async ({
    store: { db },
  }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear], toAll([ear], ["incident"]));
    const { incidentId: silenced } = await openIncident(db, "a", { labels: { role: "db" } });
    await silence(db, { role: "db" }, { until: T0 + 20 * MINUTE });
    const { incidentId: source } = await openIncident(db, "source");
    const { incidentId: explained } = await openIncident(db, "b");
    const explain = (by: string | null, judgedAt: number) =>
      inTransaction(db, (tx) => setInhibition(tx, { dedupKey: "b", by, judgedAt }, judgedAt));
    await explain("source", T0);
    await notifier.pass(15 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${source}`]);
    await explain(null, notifier.now);
    await notifier.pass(15 * MINUTE);
    expect(ear.words.slice(1).sort()).toEqual([`OPENED ${explained}`, `OPENED ${silenced}`].sort());
    await explain("source", notifier.now);
    await closeIncident(db, "b", notifier.now);
    await notifier.pass(10 * MINUTE);
    expect(ear.words.slice(3)).toEqual([`RESOLVED ${-explained}`]);
  });

  test("that a silence holds back is looked at when that ends, however long group_interval is", async ({
    store: { db },
  }) => {
    const ear = new Ear("pager");
    const config = toAll([ear]);
    const timing = { ...TIMING, groupIntervalMs: 60 * MINUTE };
    const slow = config.route.routes.map((route) => ({ ...route, timing }));
    const notifier = new TestNotifier(db, [ear], {
      ...config,
      route: { ...config.route, timing, routes: slow },
    });
    const { incidentId: id } = await openIncident(db, "a");
    await silence(db, { role: "web" }, { until: T0 + 20 * MINUTE });
    await notifier.pass(19 * MINUTE);
    expect(ear.words).toEqual([]);
    await notifier.pass(2 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`]);
  });

  test("is told without what of its surroundings cannot be read, or not in time", async ({
    store: { db },
  }) => {
    const host = await newMember(db, "web-1");
    const { incidentId } = await openIncident(db, "a", { hosts: [host] });
    const at = new Date(T0 - MINUTE);
    await db.event.create({
      data: { kind: "DEPLOY", title: "shop 1.2", at, matchers: [], createdBy: "ci", createdAt: at },
    });
    const told = async (counterId: () => Promise<never>) => {
      const layouts = Object.assign(new LayoutCache(), { counterId });
      const fleet = new FleetView(db, () => T0);
      const deps = { db, layouts, fleet, log: createLog("silent"), publicUrl: "https://spillway.example" };
      const what = {
        kind: "OPENED",
        idempotencyKey: "1",
        incidents: [{ id: incidentId, firing: true }],
      } as const;
      const { incidents } = await compose(
        deps,
        what,
        { id: 1, key: "1", labels: {}, digest: false },
        T0 + MINUTE,
      );
      return incidents;
    };
    const without = [{ hosts: ["web-1"], precededBy: { title: "shop 1.2" }, trend: null }];
    expect(await told(() => Promise.reject(new Error("no answer")))).toMatchObject(without);
    expect(await told(() => new Promise<never>(() => undefined))).toMatchObject(without);
  });
});

describe("incidents together", () => {
  test("five hundred of one role and cause give one notification, and one end", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear]);
    const keys = Array.from({ length: 500 }, (_, index) => `host ${index}`);
    await five(keys, (key) => openIncident(db, key));
    await notifier.pass(10 * MINUTE, 5 * MINUTE);
    await five(keys, (key) => closeIncident(db, key));
    await notifier.pass(10 * MINUTE, 5 * MINUTE);
    expect(ear.heard.map(({ kind, incidents }) => [kind, incidents.length])).toEqual([
      ["OPENED", 500],
      ["RESOLVED", 500],
    ]);
    await expectNothingLeft(db);
  }, 240_000);

  test("stay in the group where they were told, whatever becomes of their cause", async ({
    store: { db },
  }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await openIncident(db, "a");
    await notifier.pass(MINUTE);
    await openIncident(db, "a", { judgedAt: T0 + 2 * MINUTE, cause: "SERVICE_DOWN", severity: "CRITICAL" });
    await notifier.pass(10 * MINUTE);
    await closeIncident(db, "a");
    await notifier.pass(10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`, `CHANGED ${id}`, `RESOLVED ${-id}`]);
    expect(new Set(ear.heard.map(({ groupKey }) => groupKey)).size).toBe(1);
  });

  test("are told by routes that are new, each once", async ({ store: { db } }) => {
    const [pager, chat] = [new Ear("pager"), new Ear("chat", "SLACK")];
    const notifier = new TestNotifier(db, [pager, chat], toAll([pager]));
    const { incidentId: id } = await openIncident(db, "a");
    await notifier.pass(MINUTE);
    notifier.notifying = notifier.by(toAll([pager, chat]));
    await notifier.pass(10 * MINUTE);
    expect([pager.words, chat.words]).toEqual([[`OPENED ${id}`], [`OPENED ${id}`]]);
  });
});

test("a far end that forgets is told again each minute, and for five minutes of the end", async ({
  store: { db },
}) => {
  const ear = new Ear("am", "ALERTMANAGER");
  const notifier = new TestNotifier(db, [ear]);
  const { incidentId: id } = await openIncident(db, "a");
  await notifier.pass(5 * MINUTE + 30_000, 10_000);
  expect(ear.words).toEqual(Array.from({ length: 6 }, () => `OPENED ${id}`));
  await silence(db, {});
  await notifier.pass(5 * MINUTE, 10_000);
  expect(ear.words).toHaveLength(6);
  await db.silence.deleteMany();
  await closeIncident(db, "a");
  await notifier.pass(20 * MINUTE, 10_000);
  const ends = ear.words.slice(6);
  expect(new Set(ends)).toEqual(new Set([`RESOLVED ${-id}`]));
  expect(ends).toHaveLength(6);
  expect(new Set(ear.heard.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  await expectNothingLeft(db);
  expect(await db.delivery.count()).toBe(2);
});
