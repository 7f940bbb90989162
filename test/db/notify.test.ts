/** From the timeline to far ends: each is told what it shall, in order, whatever fails. */
import { describe, expect } from "vitest";
import { onIncident } from "../../src/incidents/verb.ts";
import { inTransaction, type PrismaClient } from "../../src/store/client.ts";
import { markAcknowledged } from "../../src/store/incidents/change.ts";
import { setInhibition } from "../../src/store/incidents/inhibit.ts";
import { insertSilence } from "../../src/store/incidents/silences.ts";
import { judge, newMember, recover, T0 } from "../support/incidents.ts";
import { BUSY, Ear, GONE, TAKEN, TestNotifier, toAll } from "../support/notifying.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;

/** An incident of a key of its own. */
function open(db: PrismaClient, key: string, said: Parameters<typeof judge>[1] = {}) {
  return judge(db, { dedupKey: key, ...said });
}

function close(db: PrismaClient, key: string, judgedAt = T0 + 20 * MINUTE) {
  return recover(db, { dedupKey: key, judgedAt });
}

/** Nothing is left that anybody would have to do. */
async function expectNothingLeft(db: PrismaClient): Promise<void> {
  const groups = await db.notificationGroup.count();
  const outbox = await db.notificationOutbox.count();
  const pending = await db.delivery.count({ where: { nextTryAt: { not: null } } });
  expect({ groups, outbox, pending }).toEqual({ groups: 0, outbox: 0, pending: 0 });
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
    const { incidentId } = await open(db, "a", { hosts: [host] });
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
    await close(db, "a");
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
    await open(db, "a");
    await notifier.pass(20_000, 10_000);
    await close(db, "a");
    await notifier.pass(10 * MINUTE);
    expect(ear.heard).toEqual([]);
    await expectNothingLeft(db);
  });

  test("that is acknowledged is told so to who wants to know, and reminded of no more", async ({
    store: { db },
  }) => {
    const [pager, mail] = [new Ear("pager"), new Ear("mail", "EMAIL")];
    const notifier = new TestNotifier(db, [pager, mail]);
    const { incidentId: id } = await open(db, "a");
    await notifier.pass(MINUTE);
    const actor = { kind: "token", id: null, name: "ada", scopes: ["operate"] } as const;
    await onIncident({ db, actor, now: notifier.now }, id, async (tx) => {
      await markAcknowledged(tx, id, "ada", notifier.now);
      return { kind: "ACKNOWLEDGED", text: "", action: "incident.acknowledge" };
    });
    await notifier.pass(9 * 60 * MINUTE, 10 * MINUTE);
    expect(pager.words).toEqual([`OPENED ${id}`, `ACKNOWLEDGED ${id}`]);
    expect(mail.words).toEqual([`OPENED ${id}`]);
  });

  test("that goes on is told again after repeat_interval", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await open(db, "a");
    await notifier.pass(9 * 60 * MINUTE, 10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`, `REMINDER ${id}`, `REMINDER ${id}`]);
  });

  test("that is back after its end is told by another key, and keeps group_interval", async ({
    store: { db },
  }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await open(db, "a");
    await notifier.pass(6 * MINUTE);
    await close(db, "a", T0 + 6 * MINUTE);
    await notifier.pass(MINUTE);
    await open(db, "a", { judgedAt: T0 + 8 * MINUTE });
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
    const { incidentId: silenced } = await open(db, "a", { labels: { role: "db" } });
    await insertSilence(db, {
      matchers: [{ name: "role", op: "EQ", value: "db" }],
      from: T0,
      until: T0 + 20 * MINUTE,
      window: null,
      comment: "",
      createdBy: "ada",
      createdAt: T0,
    });
    const { incidentId: source } = await open(db, "source");
    const { incidentId: explained } = await open(db, "b");
    const explain = (by: string | null, judgedAt: number) =>
      inTransaction(db, (tx) => setInhibition(tx, { dedupKey: "b", by, judgedAt }, judgedAt));
    await explain("source", T0);
    await notifier.pass(15 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${source}`]);
    await explain(null, notifier.now);
    await notifier.pass(15 * MINUTE);
    expect(ear.words.slice(1).sort()).toEqual([`OPENED ${explained}`, `OPENED ${silenced}`].sort());
    await explain("source", notifier.now);
    await close(db, "b", notifier.now);
    await notifier.pass(10 * MINUTE);
    expect(ear.words.slice(3)).toEqual([`RESOLVED ${-explained}`]);
  });
});

describe("incidents together", () => {
  test("five hundred of one role and cause give one notification, and one end", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear]);
    const keys = Array.from({ length: 500 }, (_, index) => `host ${index}`);
    for (const key of keys) await open(db, key);
    await notifier.pass(10 * MINUTE, 5 * MINUTE);
    for (const key of keys) await close(db, key);
    await notifier.pass(10 * MINUTE, 5 * MINUTE);
    expect(ear.heard.map(({ kind, incidents }) => [kind, incidents.length])).toEqual([
      ["OPENED", 500],
      ["RESOLVED", 500],
    ]);
    await expectNothingLeft(db);
  });

  test("stay in the group where they were told, whatever becomes of their cause", async ({
    store: { db },
  }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await open(db, "a");
    await notifier.pass(MINUTE);
    await open(db, "a", { judgedAt: T0 + 2 * MINUTE, cause: "SERVICE_DOWN", severity: "CRITICAL" });
    await notifier.pass(10 * MINUTE);
    await close(db, "a");
    await notifier.pass(10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`, `CHANGED ${id}`, `RESOLVED ${-id}`]);
    expect(new Set(ear.heard.map(({ groupKey }) => groupKey)).size).toBe(1);
  });

  test("are told by routes that are new, each once", async ({ store: { db } }) => {
    const [pager, chat] = [new Ear("pager"), new Ear("chat", "SLACK")];
    const notifier = new TestNotifier(db, [pager, chat], toAll([pager]));
    const { incidentId: id } = await open(db, "a");
    await notifier.pass(MINUTE);
    notifier.notifying = notifier.by(toAll([pager, chat]));
    await notifier.pass(10 * MINUTE);
    expect([pager.words, chat.words]).toEqual([[`OPENED ${id}`], [`OPENED ${id}`]]);
  });
});

describe("a far end that fails", () => {
  test("is tried again with the same key, and hears of the end after the beginning", async ({
    store: { db },
  }) => {
    const ear = new Ear("pager");
    ear.answer = () => BUSY;
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await open(db, "a");
    await notifier.pass(5 * MINUTE, 10_000);
    await close(db, "a");
    await notifier.pass(20 * MINUTE, 10_000);
    expect(new Set(ear.words)).toEqual(new Set([`OPENED ${id}`]));
    expect(new Set(ear.heard.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    expect(ear.heard.length).toBeGreaterThan(5);
    const failing = await db.receiverState.findUniqueOrThrow({ where: { name: "pager" } });
    expect(failing).toMatchObject({
      status: 503,
      answer: "busy",
      failingSince: new Date(ear.heard[0]?.heardAt ?? 0),
    });
    expect(await notifier.metrics.notificationsOldestPending.get()).toMatchObject({
      values: [{ value: expect.any(Number) }],
    });

    ear.answer = () => TAKEN;
    const before = ear.heard.length;
    await notifier.pass(20 * MINUTE, 10_000);
    expect(ear.words.slice(before)).toEqual([`OPENED ${id}`, `RESOLVED ${-id}`]);
    expect(await db.receiverState.findUniqueOrThrow({ where: { name: "pager" } })).toMatchObject({
      failingSince: null,
    });
    await expectNothingLeft(db);
  });

  test("that asks for patience has it", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    ear.answer = () => ({ ...BUSY, status: 429, retryAfterMs: 10 * MINUTE });
    const notifier = new TestNotifier(db, [ear]);
    await open(db, "a");
    await notifier.pass(10 * MINUTE, 10_000);
    expect(ear.heard).toHaveLength(1);
    await notifier.pass(MINUTE, 10_000);
    expect(ear.heard).toHaveLength(2);
  });

  test("that refuses it is not asked again, and hears of the end", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    ear.answer = ({ kind }) => (kind === "OPENED" ? { ...BUSY, status: 400, retry: false } : TAKEN);
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await open(db, "a");
    await notifier.pass(10 * MINUTE);
    await close(db, "a");
    await notifier.pass(10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`, `RESOLVED ${-id}`]);
  });

  test("that wants nothing more is left alone until its settings change", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    ear.answer = () => GONE;
    const config = toAll([ear]);
    const notifier = new TestNotifier(db, [ear], config);
    const { incidentId: id } = await open(db, "a");
    await notifier.pass(MINUTE);
    const { incidentId: other } = await open(db, "b", { cause: "SERVICE_DOWN" });
    await notifier.pass(10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`]);
    await expectNothingLeft(db);
    expect(await db.delivery.findFirstOrThrow()).toMatchObject({ status: "FAILED", lastStatus: 410 });

    ear.answer = () => TAKEN;
    notifier.notifying = notifier.by({
      ...config,
      receivers: config.receivers.map((receiver) => ({ ...receiver, fingerprint: "2" })),
    });
    await notifier.pass(10 * MINUTE);
    expect(ear.words.slice(1).sort()).toEqual([`OPENED ${id}`, `OPENED ${other}`].sort());
  });

  test("that throws, or hangs, holds up no other", async ({ store: { db } }) => {
    const [slow, quick, broken] = [new Ear("slow"), new Ear("quick"), new Ear("broken")];
    let release = () => {};
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    slow.answer = async () => {
      await hanging;
      return TAKEN;
    };
    broken.answer = () => {
      throw new Error("a fault of ours");
    };
    const notifier = new TestNotifier(db, [slow, quick, broken], toAll([slow, quick, broken], ["incident"]));
    for (const key of ["a", "b", "c", "d", "e"]) await open(db, key);
    await notifier.tick();
    notifier.now += 30_000;
    const ticks = [];
    for (let count = 0; count < 5; count++) {
      ticks.push(notifier.tick());
      await expect
        .poll(() => quick.heard.length, { timeout: 30_000 })
        .toBeGreaterThanOrEqual(Math.min(5, 2 * (count + 1)));
    }
    expect(slow.heard).toHaveLength(2);
    expect(quick.words.sort()).toEqual([1, 2, 3, 4, 5].map((id) => `OPENED ${id}`));
    expect(await db.receiverState.findUniqueOrThrow({ where: { name: "broken" } })).toMatchObject({
      answer: "cannot send: a fault of ours",
    });
    release();
    await Promise.all(ticks);
  });
});

describe("a worker that dies", () => {
  test("after it has sent leaves one repetition, with the same key", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    const never = new Promise<never>(() => undefined);
    ear.answer = () => never;
    const dead = new TestNotifier(db, [ear]);
    const { incidentId: id } = await open(db, "a");
    await dead.tick();
    dead.now += 30_000;
    void dead.tick();
    await expect.poll(() => ear.heard.length, { timeout: 30_000 }).toBe(1);

    ear.answer = () => TAKEN;
    const next = new TestNotifier(db, [ear]);
    next.now = dead.now + 29_999;
    await next.pass(MINUTE, 1_000);
    await close(db, "a");
    await next.pass(10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`, `OPENED ${id}`, `RESOLVED ${-id}`]);
    expect(ear.heard[1]?.idempotencyKey).toBe(ear.heard[0]?.idempotencyKey);
  });

  test("two at work at once tell everything once", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    const config = toAll([ear], ["incident"]);
    const workers = [1, 2, 3].map(() => new TestNotifier(db, [ear], config));
    for (let index = 0; index < 20; index++) await open(db, `${index}`);
    const all = async (ms: number) => {
      for (const worker of workers) worker.now += ms;
      await Promise.all(workers.map((worker) => worker.tick()));
    };
    for (let count = 0; count < 30; count++) await all(30_000);
    for (let index = 0; index < 20; index++) await close(db, `${index}`);
    for (let count = 0; count < 30; count++) await all(30_000);
    const ids = Array.from({ length: 20 }, (_, index) => index + 1);
    expect(ear.words.sort()).toEqual(
      [...ids.map((id) => `OPENED ${id}`), ...ids.map((id) => `RESOLVED -${id}`)].sort(),
    );
  });
});

test("a far end that forgets is told again each minute, and for five minutes of the end", async ({
  store: { db },
}) => {
  const ear = new Ear("am", "ALERTMANAGER");
  const notifier = new TestNotifier(db, [ear]);
  const { incidentId: id } = await open(db, "a");
  await notifier.pass(5 * MINUTE + 30_000, 10_000);
  expect(ear.words).toEqual(Array.from({ length: 6 }, () => `OPENED ${id}`));
  await insertSilence(db, { ...SILENCE, matchers: [] });
  await notifier.pass(5 * MINUTE, 10_000);
  expect(ear.words).toHaveLength(6);
  await db.silence.deleteMany();
  await close(db, "a");
  await notifier.pass(20 * MINUTE, 10_000);
  const ends = ear.words.slice(6);
  expect(new Set(ends)).toEqual(new Set([`RESOLVED ${-id}`]));
  expect(ends).toHaveLength(6);
  expect(new Set(ear.heard.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  await expectNothingLeft(db);
  expect(await db.delivery.count()).toBe(2);
});

const SILENCE = {
  from: T0,
  until: null,
  window: null,
  comment: "",
  createdBy: "ada",
  createdAt: T0,
};
