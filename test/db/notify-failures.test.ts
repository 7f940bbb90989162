/** Far ends that fail: what is to be told is told all the same, in order, and little twice. */
import { describe, expect } from "vitest";
import { testReceiver } from "../../src/notify/test-receiver.ts";
import {
  acknowledge,
  BUSY,
  closeIncident,
  Ear,
  expectNothingLeft,
  GONE,
  openIncident,
  TAKEN,
  TestNotifier,
  toAll,
} from "../support/notifying.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;

describe("a far end that fails", () => {
  test("is tried again with the same key, and hears of the end after the beginning", async ({
    store: { db },
  }) => {
    const ear = new Ear("pager");
    ear.answer = () => BUSY;
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await openIncident(db, "a");
    await notifier.pass(5 * MINUTE, 10_000);
    await closeIncident(db, "a");
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

  test("to say it as its template has it is sent the built-in text, and shown with what is wrong", async ({
    store: { db },
  }) => {
    const ear = new Ear("pager");
    const templateFault =
      "template.summary failed (there is no variable one.nope): the built-in text was sent";
    const answers = [{ ...BUSY, templateFault }, { ...TAKEN, templateFault }, TAKEN];
    ear.answer = () => answers.shift() ?? TAKEN;
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await openIncident(db, "a");
    const shown = () => db.receiverState.findUniqueOrThrow({ where: { name: "pager" } });
    await notifier.pass(30_000);
    expect(await shown()).toMatchObject({ status: 503, answer: `busy; ${templateFault}` });
    await notifier.pass(MINUTE);
    expect(await shown()).toMatchObject({ failingSince: null, answer: `ok; ${templateFault}` });
    expect(await db.delivery.findFirstOrThrow()).toMatchObject({
      status: "DELIVERED",
      lastAnswer: `ok; ${templateFault}`,
    });
    await closeIncident(db, "a");
    await notifier.pass(10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`, `OPENED ${id}`, `RESOLVED ${-id}`]);
    expect(await shown()).toMatchObject({ answer: "ok" });
  });

  test("that asks for patience has it", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    ear.answer = () => ({ ...BUSY, status: 429, retryAfterMs: 10 * MINUTE });
    const notifier = new TestNotifier(db, [ear]);
    await openIncident(db, "a");
    await notifier.pass(10 * MINUTE, 10_000);
    expect(ear.heard).toHaveLength(1);
    await notifier.pass(MINUTE, 10_000);
    expect(ear.heard).toHaveLength(2);
  });

  test("that refuses it is not asked again, and hears of the end", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    ear.answer = ({ kind }) => (kind === "OPENED" ? { ...BUSY, status: 400, retry: false } : TAKEN);
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await openIncident(db, "a");
    await notifier.pass(10 * MINUTE);
    await closeIncident(db, "a");
    await notifier.pass(10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`, `RESOLVED ${-id}`]);
  });

  test("that refuses to hear who is on it is told of that when the file is read again", async ({
    store: { db },
  }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await openIncident(db, "a");
    await notifier.pass(MINUTE);
    ear.answer = () => ({ ...BUSY, status: 403, retry: false });
    await acknowledge(db, id, notifier.now);
    await notifier.pass(10 * MINUTE);
    ear.answer = () => TAKEN;
    notifier.notifying = notifier.by(toAll([ear]));
    await notifier.pass(15 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`, `ACKNOWLEDGED ${id}`, `CHANGED ${id}`, `ACKNOWLEDGED ${id}`]);
  });

  test("that refuses it is told of what goes on when the file is read again", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    ear.answer = () => ({ ...BUSY, status: 404, retry: false });
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await openIncident(db, "a");
    await notifier.pass(10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`]);
    ear.answer = () => TAKEN;
    notifier.notifying = notifier.by(toAll([ear]));
    await notifier.pass(10 * MINUTE);
    expect(ear.words.slice(1)).toEqual([`CHANGED ${id}`]);
    // What was taken is not told again.
    notifier.notifying = notifier.by(toAll([ear]));
    await notifier.pass(10 * MINUTE);
    expect(ear.words).toHaveLength(2);
  });

  test("that wants nothing more is left alone until its settings change", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    ear.answer = () => GONE;
    const config = toAll([ear]);
    const notifier = new TestNotifier(db, [ear], config);
    const { incidentId: id } = await openIncident(db, "a");
    await notifier.pass(MINUTE);
    const { incidentId: other } = await openIncident(db, "b", { cause: "SERVICE_DOWN" });
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

  test("that wants nothing more and then takes a test is told of all that goes on", async ({
    store: { db },
  }) => {
    const [pager, chat] = [new Ear("pager"), new Ear("chat")];
    pager.answer = () => GONE;
    const notifier = new TestNotifier(db, [pager, chat], toAll([pager, chat], ["incident"]));
    const deps = { db, publicUrl: "", now: () => notifier.now };
    const tested = async () => (await testReceiver(deps, notifier.notifying, "pager")).status;
    const { incidentId: before } = await openIncident(db, "before");
    await notifier.pass(MINUTE);
    const { incidentId: during } = await openIncident(db, "during");
    await openIncident(db, "over");
    await notifier.pass(10 * MINUTE);
    await closeIncident(db, "over", notifier.now);
    await notifier.pass(10 * MINUTE);
    expect(pager.words).toEqual([`OPENED ${before}`]);
    const toldBefore = chat.words;

    // A test that it does not take changes nothing.
    pager.answer = () => BUSY;
    expect(await tested()).toBe("FAILED");
    await openIncident(db, "before", { judgedAt: notifier.now, severity: "CRITICAL" });
    await notifier.pass(10 * MINUTE);
    expect(pager.words.slice(1)).toEqual(["TEST "]);

    pager.answer = () => TAKEN;
    expect(await tested()).toBe("DELIVERED");
    await notifier.pass(10 * MINUTE);
    const told = pager.words.slice(3);
    expect(told.toSorted()).toEqual([before, during].map((id) => `OPENED ${id}`));
    // Another one knows of it already, and a further test is no reason to tell it again.
    expect(chat.words).toEqual([...toldBefore, `CHANGED ${before}`]);
    expect(await tested()).toBe("DELIVERED");
    expect(await db.notificationOutbox.count()).toBe(0);
    await notifier.pass(10 * MINUTE);
    expect(pager.words.slice(3)).toEqual([...told, "TEST "]);
  });

  test("that wants nothing more is left alone, whatever comes of what is on its way to it", async ({
    store: { db },
  }) => {
    const ear = new Ear("pager");
    const notifier = new TestNotifier(db, [ear], toAll([ear], ["incident"]));
    for (const key of ["a", "b", "c"]) await openIncident(db, key);
    let isGone = () => {};
    const gone = new Promise<void>((resolve) => {
      isGone = resolve;
    });
    ear.answer = async () => {
      if (ear.heard.length === 1) {
        await expect.poll(() => ear.heard.length, { timeout: 30_000 }).toBe(2);
        return GONE;
      }
      await gone;
      return TAKEN;
    };
    await notifier.tick();
    notifier.now += 30_000;
    const telling = notifier.tick();
    await expect
      .poll(() => db.receiverState.count({ where: { disabledAt: { not: null } } }), { timeout: 30_000 })
      .toBe(1);
    isGone();
    await telling;
    await openIncident(db, "d");
    await notifier.pass(10 * MINUTE);
    expect(ear.heard).toHaveLength(2);
    expect(await db.receiverState.findFirstOrThrow()).toMatchObject({ disabledAt: expect.any(Date) });
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
    for (const key of ["a", "b", "c", "d", "e"]) await openIncident(db, key);
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
