/** Too many pages of one role become one notification, and each end is told by whatever told the beginning. */
import fc from "fast-check";
import { describe, expect, inject } from "vitest";
import type { Notification } from "../../src/notify/receiver.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import {
  BUSY,
  closeIncident,
  Ear,
  expectNothingLeft,
  openIncident,
  TAKEN,
  TestNotifier,
  toAll,
} from "../support/notifying.ts";
import { openTestStore, test } from "../support/store.ts";

const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 5);
const MINUTE = 60_000;
const LIMIT = { pages: 2, withinMs: 10 * MINUTE };
const PAGE = { urgency: "PAGE", severity: "CRITICAL" } as const;

const limited = (ears: readonly Ear[]) => toAll(ears, ["incident"], LIMIT);
const ids = ({ incidents }: Notification) =>
  incidents.map(({ incident }) => incident.id).sort((a, b) => a - b);
const told = (heard: readonly Notification[]) =>
  heard.map((one) => `${one.digest ? "digest " : ""}${one.kind} ${ids(one)}`).sort();
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

/**
 * By the key under which a far end knows them: a beginning before an end, an end after each beginning, and an end of
 * each incident that was told as going on.
 */
function expectEndsForAll(heard: readonly Notification[]): void {
  const going = new Map<string, Set<number>>();
  for (const { groupKey, kind, incidents } of heard) {
    const before = going.get(groupKey);
    if (before === undefined) expect(kind).toBe("OPENED");
    const now = before ?? new Set<number>();
    for (const { incident, firing } of incidents) {
      if (!firing) expect(now.delete(incident.id)).toBe(true);
      else now.add(incident.id);
    }
    expect(now.size === 0).toBe(kind === "RESOLVED");
    going.set(groupKey, now);
  }
  expect([...going.values()].filter((left) => left.size > 0)).toEqual([]);
}

/** Lets it read all that is in the outbox and tell all that it has to tell, however many ticks that takes. */
async function untilNothingIsLeft(db: PrismaClient, notifier: TestNotifier): Promise<void> {
  const left = async () => (await db.notificationOutbox.count()) + (await db.notificationGroup.count());
  for (let count = 0; count < 30 && (await left()) > 0; count++) await notifier.pass(5 * MINUTE, 5 * MINUTE);
  await expectNothingLeft(db);
}

describe("pages of a role beyond its limit", () => {
  test("are told in one digest, at once, and programs hear of each", async ({ store: { db } }) => {
    const [pager, hook] = [new Ear("pager"), new Ear("hook", "WEBHOOK")];
    const notifier = new TestNotifier(db, [pager, hook], limited([pager, hook]));
    for (const key of numbers(8)) await openIncident(db, key, PAGE);
    const { incidentId: other } = await openIncident(db, "other", { ...PAGE, labels: { role: "db" } });
    const { incidentId: ticket } = await openIncident(db, "ticket", { urgency: "TICKET" });
    // Two at a time go to one receiver.
    await notifier.pass(MINUTE, 10_000);
    const alone = [1, 2, other, ticket].map((id) => `OPENED ${id}`);
    expect(told(pager.heard)).toEqual([...alone, "digest OPENED 3,4,5,6,7,8"].sort());
    expect(pager.heard.find(({ digest }) => digest)).toMatchObject({ groupLabels: { role: "web" } });

    // What comes while there are too many joins it, at the pace of a group.
    const { incidentId: late } = await openIncident(db, "late", PAGE);
    await notifier.pass(6 * MINUTE);
    expect(hook.heard).toHaveLength(11);
    expect(told(pager.heard.slice(5))).toEqual([`digest CHANGED 3,4,5,6,7,8,${late}`]);

    // And when they are few again, one is a page of its own.
    await notifier.pass(10 * MINUTE);
    const { incidentId: fresh } = await openIncident(db, "fresh", PAGE);
    await notifier.pass(MINUTE);
    expect(told(pager.heard.slice(6))).toEqual([`OPENED ${fresh}`]);

    for (const key of [...numbers(8), "other", "ticket", "late", "fresh"]) await closeIncident(db, key);
    await untilNothingIsLeft(db, notifier);
    expectEndsForAll(pager.heard);
    expectEndsForAll(hook.heard);
  });

  test("that are over before the digest is told are told to nobody, and those in it once all are over", async ({
    store: { db },
  }) => {
    const pager = new Ear("pager");
    const notifier = new TestNotifier(db, [pager], limited([pager]));
    for (const key of numbers(5)) await openIncident(db, key, PAGE);
    await notifier.pass(30_000);
    // The digest has its members, and is told at the next tick.
    await closeIncident(db, "4");
    await notifier.pass(6 * MINUTE);
    // Two that are told in one pass come in any order.
    expect(pager.heard.map(ids).sort()).toEqual([[1], [2], [3, 4]]);
    await closeIncident(db, "2");
    await notifier.pass(6 * MINUTE);
    expect(pager.heard).toHaveLength(3);
    for (const key of ["0", "1", "3"]) await closeIncident(db, key);
    await untilNothingIsLeft(db, notifier);
    expect(pager.words.slice(3).sort()).toEqual(["RESOLVED -1", "RESOLVED -2", "RESOLVED -3,-4"]);
    expectEndsForAll(pager.heard);
  });

  test("stay within it with three workers at once", { timeout: 180_000 }, async ({ store, databaseUrl }) => {
    const pager = new Ear("pager");
    const config = limited([pager]);
    const stores = [store, openTestStore(databaseUrl), openTestStore(databaseUrl)];
    const workers = stores.map(({ db }) => new TestNotifier(db, [pager], config));
    const all = async (ms: number) => {
      for (const worker of workers) worker.now += ms;
      await Promise.all(workers.map((worker) => worker.tick()));
    };
    for (const key of numbers(8)) await openIncident(store.db, key, PAGE);
    for (let count = 0; count < 6; count++) await all(20_000);
    // One that came to the digest just after it was told is told with what follows, at its pace.
    for (let count = 0; count < 3; count++) await all(2 * MINUTE);
    const alone = pager.heard.filter(({ digest }) => !digest);
    const digests = pager.heard.filter(({ digest }) => digest);
    expect(alone).toHaveLength(2);
    expect(new Set(digests.map(({ groupKey }) => groupKey)).size).toBe(1);
    expect(new Set(pager.heard.flatMap(ids)).size).toBe(8);
    for (const key of numbers(8)) await closeIncident(store.db, key);
    for (let count = 0; count < 8; count++) await all(2 * MINUTE);
    expectEndsForAll(pager.heard);
    for (const { close } of stores.slice(1)) await close();
  });
});

test(
  "whatever opens, ends and comes back, each end is told by what told its beginning",
  async () => {
    const postgresUrl = inject("postgresUrl");
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ open: fc.integer({ min: 0, max: 7 }) }) },
      { weight: 3, arbitrary: fc.record({ close: fc.integer({ min: 0, max: 7 }) }) },
      { weight: 4, arbitrary: fc.record({ pass: fc.constantFrom(10_000, 40_000, 4 * MINUTE, 11 * MINUTE) }) },
      { weight: 1, arbitrary: fc.record({ busy: fc.boolean() }) },
    );
    const play = async (db: PrismaClient, steps: readonly object[]) => {
      const pager = new Ear("pager");
      const notifier = new TestNotifier(db, [pager], limited([pager]));
      const taken = new Map<string, Notification>();
      let busy = false;
      pager.answer = (one) => {
        if (!busy) taken.set(one.idempotencyKey, one);
        return busy ? BUSY : TAKEN;
      };
      let judgements = 0;
      /** One judgement comes after the other. */
      const judgedAt = () => notifier.now + ++judgements;
      for (const one of steps) {
        if ("open" in one) await openIncident(db, `${one.open}`, { ...PAGE, judgedAt: judgedAt() });
        else if ("close" in one) await closeIncident(db, `${one.close}`, judgedAt());
        else if ("busy" in one) busy = one.busy === true;
        else if ("pass" in one) await notifier.pass(Number(one.pass), 2 * MINUTE);
      }
      busy = false;
      for (const key of numbers(8)) await closeIncident(db, key, judgedAt());
      await untilNothingIsLeft(db, notifier);
      expectEndsForAll([...taken.values()]);
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 25 }), async (steps) => {
        const name = await createDatabase(postgresUrl);
        const { db, close } = openTestStore(databaseUrlOf(postgresUrl, name));
        try {
          await play(db, steps);
        } finally {
          await close();
          await dropDatabase(postgresUrl, name);
        }
      }),
      {
        numRuns: RUNS,
        // All that happens does so before the first tick.
        examples: [[[{ open: 0 }, { close: 0 }, { open: 1 }]]],
      },
    );
  },
  RUNS * 20_000 + 140_000,
);
