/** Workers that die, that are several, and that have read another file: each is told once, or once more by the same key. */
import { describe, expect } from "vitest";
import { BUSY, closeIncident, Ear, openIncident, TAKEN, TestNotifier, toAll } from "../support/notifying.ts";
import { openTestStore, test } from "../support/store.ts";

const MINUTE = 60_000;

describe("a receiver that is renamed with a delivery on its way", () => {
  test("is no far end that fails, and the delivery is given up after a day", async ({ store: { db } }) => {
    const [before, after] = [new Ear("pager"), new Ear("oncall")];
    before.answer = () => BUSY;
    const notifier = new TestNotifier(db, [before, after], toAll([before]));
    await openIncident(db, "a");
    await notifier.pass(5 * MINUTE);
    const pending = async () => {
      const { values } = await notifier.metrics.notificationsOldestPending.get();
      return values[0]?.value;
    };
    expect(await pending()).toBeGreaterThan(0);

    notifier.notifying = notifier.by(toAll([after]));
    await notifier.pass(5 * MINUTE);
    expect(await pending()).toBe(0);
    const deliveries = () => db.delivery.findMany({ where: { receiver: "pager" } });
    // Another process may have the file that names it.
    expect(await deliveries()).toMatchObject([{ status: "PENDING" }]);
    notifier.now += 24 * 60 * MINUTE;
    await notifier.tick();
    expect(await deliveries()).toMatchObject([
      { status: "FAILED", nextTryAt: null, lastAnswer: "there is no such receiver any more" },
    ]);
  });
});

describe("a worker that has not read the newer file", () => {
  test("leaves the notification of a receiver that it does not know to one that does", async ({
    store: { db },
  }) => {
    const [pager, chat] = [new Ear("pager"), new Ear("chat")];
    chat.answer = () => BUSY;
    const newer = new TestNotifier(db, [pager, chat]);
    const older = new TestNotifier(db, [pager]);
    await openIncident(db, "a");
    await newer.pass(MINUTE);
    const waiting = () => db.delivery.findFirstOrThrow({ where: { receiver: "chat" } });
    const { id, attempts } = await waiting();
    older.now = newer.now + 10 * MINUTE;
    await older.deliver(Number(id));
    expect(await waiting()).toMatchObject({ status: "PENDING", attempts, claimedUntil: null });
    chat.answer = () => TAKEN;
    newer.now = older.now;
    await newer.pass(MINUTE);
    expect(await waiting()).toMatchObject({ status: "DELIVERED" });
  });
});

describe("a worker that dies", () => {
  test("after it has sent leaves one repetition, with the same key", async ({
    store: { db },
    databaseUrl,
  }) => {
    const ear = new Ear("pager");
    const never = new Promise<never>(() => undefined);
    ear.answer = () => never;
    const its = openTestStore(databaseUrl);
    const dead = new TestNotifier(its.db, [ear]);
    const { incidentId: id } = await openIncident(db, "a");
    await dead.tick();
    dead.now += 30_000;
    // It never hears the answer, and can keep nothing any more.
    dead.tick().catch(() => undefined);
    await expect.poll(() => ear.heard.length, { timeout: 30_000 }).toBe(1);
    await its.close();

    ear.answer = () => TAKEN;
    const next = new TestNotifier(db, [ear]);
    next.now = dead.now + 29_999;
    await next.pass(MINUTE, 1_000);
    await closeIncident(db, "a");
    await next.pass(10 * MINUTE);
    expect(ear.words).toEqual([`OPENED ${id}`, `OPENED ${id}`, `RESOLVED ${-id}`]);
    expect(ear.heard[1]?.idempotencyKey).toBe(ear.heard[0]?.idempotencyKey);
  });

  test("two at work at once tell everything once", async ({ store: { db } }) => {
    const ear = new Ear("pager");
    const config = toAll([ear], ["incident"]);
    const workers = [1, 2, 3].map(() => new TestNotifier(db, [ear], config));
    for (let index = 0; index < 20; index++) await openIncident(db, `${index}`);
    const all = async (ms: number) => {
      for (const worker of workers) worker.now += ms;
      await Promise.all(workers.map((worker) => worker.tick()));
    };
    for (let count = 0; count < 30; count++) await all(30_000);
    for (let index = 0; index < 20; index++) await closeIncident(db, `${index}`);
    for (let count = 0; count < 30; count++) await all(30_000);
    const ids = Array.from({ length: 20 }, (_, index) => index + 1);
    expect(ear.words.sort()).toEqual(
      [...ids.map((id) => `OPENED ${id}`), ...ids.map((id) => `RESOLVED -${id}`)].sort(),
    );
  });
});
