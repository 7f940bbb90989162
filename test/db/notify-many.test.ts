/** Many groups of one receiver: all are told as fast as it takes them, two at a time, what is new before what is repeated. */
import { expect } from "vitest";
import { PER_RECEIVER } from "../../src/notify/deliver.ts";
import { inTransaction, type PrismaClient } from "../../src/store/client.ts";
import { claimDelivery, planDelivery } from "../../src/store/incidents/deliveries.ts";
import { T0, warmUp } from "../support/incidents.ts";
import { BUSY, Ear, openIncident, silence, TAKEN, TestNotifier, toAll } from "../support/notifying.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;
const MANY = 30;

/** A far end that takes a moment, and knows how many attempts it had at once at most. */
class BusyEar extends Ear {
  most = 0;
  #now = 0;

  constructor(db: PrismaClient) {
    super("am", "ALERTMANAGER");
    this.answer = async () => {
      this.most = Math.max(this.most, ++this.#now);
      await db.$executeRaw`SELECT pg_sleep(0.02)`;
      this.#now--;
      return TAKEN;
    };
  }
}

/** A notifier for which each incident is a group, with many of them open, half of them in zone 2. */
async function manyTold(db: PrismaClient, ear: Ear): Promise<{ notifier: TestNotifier; ids: number[] }> {
  const notifier = new TestNotifier(db, [ear], toAll([ear], ["incident"]));
  const ids: number[] = [];
  for (let index = 0; index < MANY; index++) {
    const zone = String(1 + (index % 2));
    ids.push((await openIncident(db, `${index}`, { labels: { role: "web", zone } })).incidentId);
  }
  await notifier.tick();
  notifier.now += 30_000;
  await notifier.tick();
  return { notifier, ids };
}

test("all are told at one tick and repeated at another, what is new first, and two at a time", async ({
  store: { db },
}) => {
  const ear = new BusyEar(db);
  const { notifier, ids } = await manyTold(db, ear);
  expect(ear.words.toSorted()).toEqual(ids.map((id) => `OPENED ${id}`).toSorted());

  const { incidentId: late } = await openIncident(db, "late");
  notifier.now += 30_000;
  await notifier.tick();
  notifier.now += 30_000;
  ear.heard.length = 0;
  await notifier.tick();
  expect(ear.words.toSorted()).toEqual([...ids, late].map((id) => `OPENED ${id}`).toSorted());
  // Beside one that is repeated, and before all others.
  expect(ear.words.slice(0, 2 * PER_RECEIVER)).toContain(`OPENED ${late}`);
  expect(ear.most).toBe(PER_RECEIVER);
});

test("those that have nothing to tell hold up no other", async ({ store: { db } }) => {
  const ear = new BusyEar(db);
  const { notifier, ids } = await manyTold(db, ear);
  await silence(db, { zone: "1" });
  notifier.now += MINUTE;
  ear.heard.length = 0;
  await notifier.tick();
  const others = ids.filter((_, index) => index % 2 === 1);
  expect(ear.words.toSorted()).toEqual(others.map((id) => `OPENED ${id}`).toSorted());
});

test("one that fails is asked at the pace of the ticks", async ({ store: { db } }) => {
  const ear = new Ear("am", "ALERTMANAGER");
  ear.answer = () => BUSY;
  await manyTold(db, ear);
  expect(ear.heard).toHaveLength(PER_RECEIVER);
});

test("claims at the same moment are no more than may be", async ({ store: { db } }) => {
  const now = T0;
  for (let index = 0; index < 30; index++) {
    const idempotencyKey = `${index}`;
    const told = { receiver: "am", kind: "OPENED", idempotencyKey, groupId: null, incidents: [] } as const;
    await planDelivery(db, told, now);
  }
  const ids = (await db.delivery.findMany({ orderBy: { id: "asc" } })).map(({ id }) => Number(id));
  await warmUp(db);
  const claims = { now, until: now + 30_000, perReceiver: PER_RECEIVER };
  for (let first = 0; first < ids.length; first += 6) {
    await db.delivery.updateMany({ data: { claimedUntil: null } });
    const claimed = await Promise.all(
      ids.slice(first, first + 6).map((id) => inTransaction(db, (tx) => claimDelivery(tx, id, claims))),
    );
    expect(claimed.filter((one) => one !== null)).toHaveLength(PER_RECEIVER);
  }
});
