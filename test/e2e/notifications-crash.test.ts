/** Workers killed, queues emptied, the database away: each end is told, after its beginning, and little twice. */
import { Redis } from "ioredis";
import { describe, expect } from "vitest";
import { PER_RECEIVER } from "../../src/notify/deliver.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { type FarEnd, startFarEnd } from "../support/far-end.ts";
import { judge, recover } from "../support/incidents.ts";
import { receiversFile } from "../support/receivers-file.ts";
import { hasRedis, startRedis } from "../support/redis.ts";
import { startRestartablePostgres } from "../support/restartable-postgres.ts";
import { startService } from "../support/service.ts";
import { test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

const KILLS = Number(process.env.SPILLWAY_TEST_KILLS ?? 3);
const OPENED_EACH = 6;

async function open(db: PrismaClient, dedupKey: string): Promise<void> {
  const now = Date.now();
  await judge(db, { dedupKey, startedAt: now, judgedAt: now });
}

async function close(db: PrismaClient, dedupKey: string): Promise<void> {
  await recover(db, { dedupKey, judgedAt: Date.now() + 1 });
}

/** What a far end heard of each incident, a repetition once: the ends of all, each after its beginning. */
function expectAllTold({ asked }: FarEnd, keys: readonly string[]): void {
  const byKey = new Map<string, string[]>();
  const seen = new Map<string, string>();
  for (const { headers, body } of asked) {
    const { type, data } = JSON.parse(body) as { type: string; data: { incidents: { dedupKey: string }[] } };
    const key = data.incidents[0]?.dedupKey ?? "";
    const id = String(headers["webhook-id"]);
    if (!seen.has(id)) byKey.set(key, [...(byKey.get(key) ?? []), type]);
    // A repetition is of the same thing.
    expect(seen.get(id) ?? `${key} ${type}`).toBe(`${key} ${type}`);
    seen.set(id, `${key} ${type}`);
  }
  const expected = new Map(keys.map((key) => [key, ["incident.opened", "incident.resolved"]]));
  expect(Object.fromEntries(byKey)).toEqual(Object.fromEntries(expected));
}

async function settled(db: PrismaClient): Promise<void> {
  await waitFor(
    "everything to be told",
    async () => {
      const left = [
        await db.notificationOutbox.count(),
        await db.notificationGroup.count(),
        await db.delivery.count({ where: { status: "PENDING" } }),
      ];
      if (left.some((count) => count > 0)) throw new Error(`left: ${left}`);
      return true;
    },
    { timeoutMs: 120_000 },
  );
}

/** Schedules are said again each minute, and who was in the middle of an attempt is waited for. */
async function delivered(db: PrismaClient, count: number): Promise<void> {
  await waitFor(
    `${count} deliveries`,
    async () => (await db.delivery.count({ where: { status: "DELIVERED" } })) === count,
    { timeoutMs: 180_000 },
  );
}

/** What a worker says of a Postgres that goes away, or is not there. */
const AWAY = /terminating connection|Connection terminated|ECONNREFUSED|ENOENT|starting up|shutting down/;

describe("notifications", () => {
  test(`kill -9 of the worker ${KILLS} times at different points`, async ({ store: { db }, databaseUrl }) => {
    const hook = await startFarEnd((response) => void setTimeout(() => response.end("ok"), 40));
    const file = await receiversFile();
    await file.write({ hook: hook.url });
    const work = () =>
      startService({ databaseUrl, role: "work", env: { SPILLWAY_RECEIVERS_FILE: file.path } });
    const keys: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const worker = await work();
      const fresh = Array.from({ length: OPENED_EACH }, (_, index) => `${kill}-${index}`);
      for (const key of fresh) await open(db, key);
      keys.push(...fresh);
      const already = hook.asked.length;
      // At the first request of this round, the second, and so on: some under way, some answered and not kept.
      await waitFor("it to tell", () => hook.asked.length > already + kill, { timeoutMs: 90_000 });
      await worker.kill();
      for (const key of fresh) await close(db, key);
    }
    // What a killed worker had not begun to tell is over by now, and told to nobody.
    const worker = await work();
    await settled(db);
    expect(await worker.stop()).toBe(0);
    const told = new Set(hook.asked.map(({ body }) => JSON.parse(body).data.incidents[0].dedupKey as string));
    expectAllTold(
      hook,
      keys.filter((key) => told.has(key)),
    );
    const ids = hook.asked.map(({ headers }) => headers["webhook-id"]);
    expect(ids.length - new Set(ids).size).toBeLessThanOrEqual(KILLS * PER_RECEIVER);
    await hook.close();
    await file.remove();
  });

  test.runIf(hasRedis)(
    "Redis loses everything, and Postgres is stopped and started, in the middle of beginnings and of ends",
    { timeout: 400_000 },
    async () => {
      const redis = await startRedis();
      const postgres = await startRestartablePostgres();
      const hook = await startFarEnd((response) => void setTimeout(() => response.end("ok"), 40));
      const file = await receiversFile();
      await file.write({ hook: hook.url });
      const worker = await startService({
        databaseUrl: postgres.url,
        role: "work",
        env: { REDIS_URL: redis.url, SPILLWAY_RECEIVERS_FILE: file.path },
      });
      const keys = Array.from({ length: OPENED_EACH }, (_, index) => `${index}`);
      let changes = 0;
      /** Changes each incident, and takes both away while the far end is told of that. */
      const breakWhile = async (change: (db: PrismaClient, key: string) => Promise<void>) => {
        await postgres.with(async (db) => {
          for (const key of keys) await change(db, key);
        });
        const already = hook.asked.length;
        await waitFor("it to tell", () => hook.asked.length > already, { timeoutMs: 120_000 });
        const said = worker.output().length;
        await postgres.restart(() =>
          waitFor("the worker to notice", () => AWAY.test(worker.output().slice(said)), {
            timeoutMs: 60_000,
          }),
        );
        const client = new Redis(redis.url.slice("unix://".length));
        await client.flushall();
        client.disconnect();
        changes += keys.length;
        await postgres.with((db) => delivered(db, changes));
      };
      await breakWhile(open);
      await breakWhile(close);
      await postgres.with(settled);
      expectAllTold(hook, keys);
      const ids = hook.asked.map(({ headers }) => headers["webhook-id"]);
      expect(ids.length - new Set(ids).size).toBeLessThanOrEqual(2 * PER_RECEIVER);
      expect(await worker.stop()).toBe(0);
      await hook.close();
      await file.remove();
      await redis.stop();
      await postgres.remove();
    },
  );
});
