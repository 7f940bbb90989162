/** The queue is emptied while a fault is on: what Postgres knows is enough to go on by. */
import { Redis } from "ioredis";
import { expect, inject, test } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { push, TestHost } from "../support/pushes.ts";
import { hasRedis, startRedis } from "../support/redis.ts";
import { startService } from "../support/service.ts";
import { incidentsIn, kindsOf, NAMES, story } from "../support/stories.ts";
import { waitFor } from "../support/wait.ts";

const CALM = { accepted: 50 };
const STALLED = { overflows: 60, drops: 60 };
/** A minute until the schedules are said again, on a busy machine. */
const SEEN_MS = 180_000;

test.skipIf(!hasRedis)(
  "an incident that is on when Redis loses everything is over once",
  { timeout: 4 * SEEN_MS },
  async () => {
    const database = await createDatabase(inject("postgresUrl"));
    const databaseUrl = databaseUrlOf(inject("postgresUrl"), database);
    const redis = await startRedis();
    const keys = new Redis(redis.url.replace("unix://", ""));
    const env = { REDIS_URL: redis.url };
    const service = await startService({ databaseUrl, env });
    const second = await startService({ databaseUrl, env, role: "work" });
    const ill = new TestHost({ name: "ill", names: NAMES });
    const lived = story(ill, Date.now(), [
      [12, CALM],
      [6, STALLED, 10],
      [40, CALM],
    ]);
    // Where all of this takes over 90 seconds the host is silent besides, which is true.
    const incidents = async () => (await incidentsIn(service)).filter(({ cause }) => cause !== "HOST_SILENT");
    const isIncident = (what: string, status: string) =>
      waitFor(
        what,
        async () => {
          const all = await incidents();
          return all.length === 1 && all[0]?.status === status ? all : null;
        },
        { timeoutMs: SEEN_MS },
      );
    try {
      await service.pushed(push(ill.section(lived.slice(0, 18))));
      await isIncident("the incident", "OPEN");
      await keys.flushall();
      await service.pushed(push(ill.section(lived.slice(18, 30))));
      await keys.flushall();
      await service.pushed(push(ill.section(lived.slice(30))));
      const [over] = await isIncident("the end of the incident", "RESOLVED");
      expect(over && kindsOf(over)).toEqual(["OPENED", "RESOLVED"]);
      // All of it again changes nothing.
      await keys.flushall();
      await service.pushed(push(ill.section(lived)));
      await waitFor("the schedules to be said again", async () => (await keys.keys("*detect*")).length > 0, {
        timeoutMs: SEEN_MS,
      });
      expect(await incidents()).toEqual([over]);
    } catch (error) {
      console.error(`the service wrote:\n${service.output()}\nthe second worker:\n${second.output()}`);
      throw error;
    } finally {
      await second.stop();
      await service.stop();
      keys.disconnect();
      await redis.stop();
      await dropDatabase(inject("postgresUrl"), database);
    }
  },
);
