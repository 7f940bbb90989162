/**
 * A subscription, with the service and the worker as processes of their own, sees an overflow of the real kernel
 * while its minute is open.
 */
import { expect, inject, test } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { makeNetwork } from "../support/network.ts";
import { hasRedis, startRedis } from "../support/redis.ts";
import { startService } from "../support/service.ts";
import { subscribe } from "../support/subscriptions.ts";
import { startVictim } from "../support/victim.ts";

const TREND = `subscription {
  trend(counter: "ListenOverflows", measure: INCREASE, groupBy: ["role"]) { labels start step values }
}`;

interface Seen {
  readonly start: string;
  readonly values: readonly (number | null)[];
}

/** The newest value of each step that the messages told of. */
function stepsOf(messages: readonly { readonly data: { readonly trend: readonly Seen[] } }[]): number[] {
  const steps = new Map<number, number>();
  for (const { data } of messages) {
    for (const { start, values } of data.trend) {
      values.forEach((value, index) => {
        steps.set(Date.parse(start) + index * 60_000, value ?? 0);
      });
    }
  }
  return [...steps.values()];
}

async function seenLive(redisUrl: string | null): Promise<void> {
  const network = makeNetwork();
  const database = await createDatabase(inject("postgresUrl"));
  const databaseUrl = databaseUrlOf(inject("postgresUrl"), database);
  const queue = redisUrl === null ? {} : { REDIS_URL: redisUrl };
  const service = await startService({
    databaseUrl,
    role: "serve",
    env: { SPILLWAY_LISTEN: network.address, SPILLWAY_INTERVAL: "1s", ...queue },
  });
  const worker = await startService({ databaseUrl, role: "work", env: queue });
  const victim = await startVictim(network, service, "1s");
  const live = subscribe(service, await service.token("read"), TREND);
  try {
    await victim.reports();
    await live.message("a first message", () => true);
    expect(stepsOf(live.messages).every((value) => value === 0)).toBe(true);

    const { overflows, at } = await victim.overflow();
    const first = await live.message("the overflow", (message) =>
      stepsOf([message]).some((value) => value > 0),
    );
    await live.message("all of it", () => {
      return stepsOf(live.messages).reduce((sum, value) => sum + value, 0) === overflows;
    });
    console.info(
      `queues in ${redisUrl === null ? "Postgres" : "Redis"}: the subscriber was told ${first.at - at} ms after the kernel's first overflow, at an interval of 1000 ms`,
    );
    expect(live.errors).toEqual([]);
  } catch (error) {
    console.error(`told: ${JSON.stringify(live.messages)}\nthe agent wrote:\n${victim.agentLog()}`);
    console.error(`the service wrote:\n${service.output()}\nthe worker wrote:\n${worker.output()}`);
    throw error;
  } finally {
    live.close();
    await victim.remove();
    await worker.stop();
    await service.stop();
    network.remove();
    await dropDatabase(inject("postgresUrl"), database);
  }
}

test("a subscription sees an overflow, with the queues in Postgres", () => seenLive(null));

test.runIf(hasRedis)(
  "a subscription sees an overflow, with the queues in Redis (where redis-server is found)",
  async () => {
    const redis = await startRedis();
    try {
      await seenLive(redis.url);
    } finally {
      await redis.stop();
    }
  },
);
