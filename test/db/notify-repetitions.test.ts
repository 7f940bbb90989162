/** Far ends that forget: what goes on is said again, what is over is not, whatever happens while it is said. */
import { describe, expect } from "vitest";
import { inTransaction } from "../../src/store/client.ts";
import {
  claimDelivery,
  planDelivery,
  postponeDelivery,
  recordAttempt,
} from "../../src/store/incidents/deliveries.ts";
import { lockGroup } from "../../src/store/incidents/groups.ts";
import { T0 } from "../support/incidents.ts";
import {
  BUSY,
  closeIncident,
  Ear,
  expectNothingLeft,
  openIncident,
  silence,
  TAKEN,
  TestNotifier,
} from "../support/notifying.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;
const CLAIM = 31_000;

describe("a repetition", () => {
  test.for([
    ["taken", TAKEN],
    ["refused", BUSY],
  ] as const)(
    "that outlives its claim and is %s then is the last one, when the end was told meanwhile",
    async ([, outcome], { store: { db } }) => {
      const ear = new Ear("am", "ALERTMANAGER");
      const slow = new TestNotifier(db, [ear]);
      const { incidentId: id } = await openIncident(db, "a");
      await slow.pass(30_000);
      let release = () => {};
      const paused = new Promise<void>((resolve) => {
        release = resolve;
      });
      ear.answer = async () => {
        await paused;
        return outcome;
      };
      slow.now += MINUTE;
      const repeats = slow.tick();
      await expect.poll(() => ear.heard.length, { timeout: 30_000 }).toBe(2);

      ear.answer = () => TAKEN;
      await closeIncident(db, "a");
      const other = new TestNotifier(db, [ear]);
      other.now = slow.now + CLAIM;
      await other.pass(6 * MINUTE);
      expect(ear.words.at(-1)).toBe(`RESOLVED ${-id}`);
      const ended = ear.words.length;
      release();
      await repeats;
      await other.pass(20 * MINUTE);
      expect(ear.words.slice(ended).filter((words) => words !== `RESOLVED ${-id}`)).toEqual([]);
      await expectNothingLeft(db);
    },
  );

  test("that begins while the end is planned is heard before it, and is the last one", async ({
    store: { db },
  }) => {
    const ear = new Ear("am", "ALERTMANAGER");
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: id } = await openIncident(db, "a");
    await notifier.pass(30_000);
    const { id: told, groupId } = await db.delivery.findFirstOrThrow();
    const now = notifier.now + MINUTE;
    const claims = { now, until: now + 30_000, perReceiver: 2 };
    const end = {
      receiver: "am",
      kind: "RESOLVED",
      idempotencyKey: "the end",
      groupId: Number(groupId),
      incidents: [{ id, firing: false }],
    } as const;
    const [repetition, planned] = await inTransaction(db, async (tx) => {
      expect(await lockGroup(tx, end.groupId, now)).not.toBeNull();
      const claimed = await inTransaction(db, (other) => claimDelivery(other, Number(told), claims));
      return [claimed, await planDelivery(tx, end, now)];
    });
    if (repetition === null) throw new Error("it was not claimed");
    const claimEnd = () => inTransaction(db, (tx) => claimDelivery(tx, planned.id, claims));
    expect(await claimEnd()).toBeNull();
    const again = { status: "DELIVERED", answerStatus: 200, answer: "ok", nextTryAt: now + MINUTE } as const;
    expect(await inTransaction(db, (tx) => recordAttempt(tx, repetition, again, now))).toMatchObject({
      status: "DELIVERED",
      attempts: 2,
      nextTryAt: null,
    });
    expect(await claimEnd()).not.toBeNull();
  });

  test("that had nothing to tell is not due again when the end was planned meanwhile", async ({
    store: { db },
  }) => {
    const ear = new Ear("am", "ALERTMANAGER");
    const notifier = new TestNotifier(db, [ear]);
    await openIncident(db, "a");
    await notifier.pass(30_000);
    const { id } = await db.delivery.findFirstOrThrow();
    const now = notifier.now + MINUTE;
    const claims = { now, until: now + 30_000, perReceiver: 2 };
    const claimed = await inTransaction(db, (tx) => claimDelivery(tx, Number(id), claims));
    if (claimed === null) throw new Error("it was not claimed");
    await db.delivery.updateMany({ data: { nextTryAt: null } });
    await postponeDelivery(db, claimed, now + MINUTE);
    expect(await db.delivery.findFirstOrThrow()).toMatchObject({ nextTryAt: null, claimedUntil: null });
  });

  test("does not tell of what is over by now", async ({ store: { db } }) => {
    const ear = new Ear("am", "ALERTMANAGER");
    const notifier = new TestNotifier(db, [ear]);
    const { incidentId: a } = await openIncident(db, "a");
    const { incidentId: b } = await openIncident(db, "b");
    await notifier.pass(30_000);
    await closeIncident(db, "a", T0 + 2 * MINUTE);
    await notifier.pass(3 * MINUTE);
    const both = `OPENED ${a},${b}`;
    expect(ear.words).toEqual([both, ...Array.from({ length: 3 }, () => `OPENED ${b}`)]);
    // Back before its end was told.
    await openIncident(db, "a", { judgedAt: T0 + 3 * MINUTE });
    await notifier.pass(MINUTE);
    expect(ear.words.at(-1)).toBe(both);
  });
});

test("what was taken stays so, whatever comes of the attempt of another who took over", async ({
  store: { db },
}) => {
  const ear = new Ear("pager");
  ear.answer = () => BUSY;
  const notifier = new TestNotifier(db, [ear]);
  await openIncident(db, "a");
  await notifier.pass(30_000);
  const { id } = await db.delivery.findFirstOrThrow();
  const claim = async (now: number) => {
    const claims = { now, until: now + 30_000, perReceiver: 2 };
    const claimed = await inTransaction(db, (tx) => claimDelivery(tx, Number(id), claims));
    if (claimed === null) throw new Error("it was not claimed");
    return claimed;
  };
  const record = (claimed: Awaited<ReturnType<typeof claim>>, attempt: Parameters<typeof recordAttempt>[2]) =>
    inTransaction(db, (tx) => recordAttempt(tx, claimed, attempt, notifier.now));
  const first = await claim(notifier.now + MINUTE);
  const second = await claim(notifier.now + 2 * MINUTE);
  const busy = { answerStatus: 503, answer: "busy" } as const;
  // What the first learns too late, of an attempt that failed, is no concern of the second.
  await record(first, { status: "FAILED", ...busy, nextTryAt: null });
  expect(await db.delivery.findFirstOrThrow()).toMatchObject({
    status: "PENDING",
    claimedUntil: new Date(second.until),
  });
  await record(first, { status: "DELIVERED", answerStatus: 200, answer: "ok", nextTryAt: null });
  await record(second, { status: "PENDING", ...busy, nextTryAt: notifier.now + 3 * MINUTE });
  expect(await db.delivery.findFirstOrThrow()).toMatchObject({
    status: "DELIVERED",
    nextTryAt: null,
    claimedUntil: null,
  });
});

test("what was silenced while its group had other news is said again each minute afterwards", async ({
  store: { db },
}) => {
  const ear = new Ear("am", "ALERTMANAGER");
  const notifier = new TestNotifier(db, [ear]);
  const { incidentId: a } = await openIncident(db, "a", { labels: { role: "web", zone: "1" } });
  const { incidentId: b } = await openIncident(db, "b");
  await notifier.pass(MINUTE);
  await silence(db, { zone: "1" }, { from: notifier.now, until: notifier.now + 10 * MINUTE });
  const { incidentId: c } = await openIncident(db, "c");
  await notifier.pass(9 * MINUTE);
  expect(ear.words.at(-1)).toBe(`CHANGED ${b},${c}`);
  // The silence is over; it is seen and told at the pace of its group.
  await notifier.pass(7 * MINUTE);
  const all = `CHANGED ${a},${b},${c}`;
  expect(ear.words.at(-1)).toBe(all);
  await notifier.pass(5 * MINUTE);
  expect(ear.words.slice(-5)).toEqual(Array.from({ length: 5 }, () => all));
});
