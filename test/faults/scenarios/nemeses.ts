/** Single faults: each is done, lasts, and is over. */
import { setTimeout as pause } from "node:timers/promises";
import { Queue } from "bullmq";
import { QUEUE_NAMES } from "../../../src/jobs/queues.ts";
import { waitFor } from "../../support/wait.ts";
import type { Weather } from "../kit/proxy.ts";
import type { SmallDisk } from "../kit/small-disk.ts";
import type { World } from "../kit/world.ts";

export type Nemesis = (world: World, random: () => number) => Promise<void>;

/** How long a fault lasts, in ms. */
const LASTS = { least: 300, most: 2_500 };

function lasting(random: () => number): Promise<unknown> {
  return pause(LASTS.least + random() * (LASTS.most - LASTS.least));
}

export const killService: Nemesis = async (world, random) => {
  const index = Math.floor(random() * 8);
  await world.kill("serve", index);
  await lasting(random);
  await world.restart("serve", index);
};

/** A deploy: it stops in order, and the next comes up. */
export const restartService: Nemesis = async (world, random) => {
  const index = Math.floor(random() * 8);
  const code = await world.kill("serve", index, "SIGTERM");
  if (code !== 0) throw new Error(`a service that was asked to stop ended with ${code}`);
  await world.restart("serve", index);
};

export const killWorker: Nemesis = async (world, random) => {
  const index = Math.floor(random() * 8);
  await world.kill("work", index);
  await lasting(random);
  await world.restart("work", index);
};

export const killPostgres: Nemesis = async (world, random) => {
  await world.postgres.kill();
  await lasting(random);
  await world.postgres.start();
};

export const killRedis: Nemesis = async (world, random) => {
  await world.redis.kill();
  await lasting(random);
  await world.redis.start();
};

export const emptyRedis: Nemesis = async (world) => {
  await world.redis.ask((redis) => redis.flushall());
};

/** So small that nothing more goes in: noeviction makes every addition an error. */
export const fillRedis: Nemesis = async (world, random) => {
  await world.redis.ask((redis) => redis.config("SET", "maxmemory", "1mb"));
  await lasting(random);
  await world.redis.ask((redis) => redis.config("SET", "maxmemory", "0"));
};

/** It stops in the middle of whatever it does, and goes on as if nothing had been. */
export const freezeService: Nemesis = async (world, random) => {
  const index = Math.floor(random() * 8);
  world.freeze("serve", index);
  await lasting(random);
  world.thaw("serve", index);
};

/** For longer than the lock of a job: another worker does it again meanwhile. */
export const freezeWorker: Nemesis = async (world, random) => {
  const index = Math.floor(random() * 8);
  world.freeze("work", index);
  await pause(22_000 + random() * 10_000);
  world.thaw("work", index);
};

/** Jobs that no handler can do: of a wrong form, of no kind, of a shard that is none, and large. */
export const poison: Nemesis = async (world) => {
  const connection = world.redis.connection;
  for (const name of QUEUE_NAMES) {
    const queue = new Queue(name, { prefix: "spillway", connection });
    await queue.addBulk([
      { name: "shard", data: { shard: "poison" } },
      { name: "shard", data: null },
      { name: "shard", data: { shard: 2 ** 31 } },
      { name: "no such job", data: { shard: -1 } },
      { name: "hours", data: { shard: "x".repeat(1_000_000) } },
    ]);
    await queue.close();
  }
};

/** Jobs that failed for good, by queue. */
export async function failedJobs(world: World): Promise<Map<string, number>> {
  const failed = new Map<string, number>();
  for (const name of QUEUE_NAMES) {
    const queue = new Queue(name, { prefix: "spillway", connection: world.redis.connection });
    failed.set(name, await queue.getFailedCount());
    await queue.close();
  }
  return failed;
}

export const killAgent: Nemesis = async ({ agents }, random) => {
  const agent = agents[Math.floor(random() * agents.length)];
  if (agent === undefined) return;
  const before = agent.collected;
  await waitFor("an agent to collect", () => agent.collected > before, { timeoutMs: 60_000 });
  // At any point of an interval, and of what it does in it.
  await pause(random() * 200);
  await agent.kill();
  agent.start();
};

/** While the service cannot be reached, the spool has no room; then it has, and then the service is back. */
export const fillAgentDisk: Nemesis = async ({ agents, proxies }, random) => {
  const agent = agents[Math.floor(random() * agents.length)];
  if (agent === undefined) return;
  const grows = async (what: string) => {
    const before = agent.collected;
    await waitFor(what, () => agent.collected > before, { timeoutMs: 90_000 });
  };
  await grows("an agent to collect");
  for (const proxy of proxies) {
    proxy.weather = { kind: "refuse" };
    proxy.cut();
  }
  await keepFull(agent.disk, random);
  // What it had in memory meanwhile is on the disk before it can be sent, or nobody would know of it.
  await grows("the spool to be written to");
  await lasting(random);
  for (const proxy of proxies) proxy.weather = { kind: "pass" };
};

/** No row finds room, and Postgres says so of each. */
export const fillTables: Nemesis = ({ tables }, random) => keepFull(tables, random);

/** What is dropped, truncated or given back meanwhile is taken too. */
async function keepFull(disk: SmallDisk | null, random: () => number): Promise<void> {
  const end = performance.now() + 3_000 + random() * 4_000;
  for (; performance.now() < end; await pause(50)) disk?.fill();
  disk?.free();
}

/** What happens between the service and its Postgres. */
function databaseWeather(sky: Weather): Nemesis {
  return async ({ databaseProxy }, random) => {
    if (databaseProxy === null) return;
    databaseProxy.weather = sky;
    await lasting(random);
    databaseProxy.weather = { kind: "pass" };
  };
}

export const refuseDatabase = databaseWeather({ kind: "refuse" });
export const holdDatabase = databaseWeather({ kind: "hold" });
/** Statements arrive and are done, and nobody hears of it. */
export const deafenDatabase = databaseWeather({ kind: "deaf" });
export const cutDatabase: Nemesis = async ({ databaseProxy }) => databaseProxy?.cut();
/** Of every connection that there is nothing is heard again, and no end of it either. */
export const loseDatabase: Nemesis = async ({ databaseProxy }) => databaseProxy?.lose();

function weather(sky: Weather): Nemesis {
  return async ({ proxies }, random) => {
    const [proxy] = proxies.slice(Math.floor(random() * proxies.length));
    if (proxy === undefined) return;
    proxy.weather = sky;
    await lasting(random);
    proxy.weather = { kind: "pass" };
  };
}

export const refuse = weather({ kind: "refuse" });
export const hold = weather({ kind: "hold" });
/** Requests arrive and are done, and nobody hears of it. */
export const deafen = weather({ kind: "deaf" });
export const slowDown = weather({ kind: "slow", bytesPerSecond: 8_000, delayMs: 400 });

/** In the middle of whatever passes, most often between a commit and its answer. */
export const cut: Nemesis = async ({ proxies }, random) => {
  for (let times = 0; times < 5; times++) {
    for (const proxy of proxies) proxy.cut();
    await pause(random() * 200);
  }
};

export const ALL: Readonly<Record<string, Nemesis>> = {
  "kill a service": killService,
  "restart a service": restartService,
  "freeze a service": freezeService,
  "kill a worker": killWorker,
  "kill Postgres": killPostgres,
  "kill Redis": killRedis,
  "empty Redis": emptyRedis,
  "fill Redis": fillRedis,
  "refuse connections": refuse,
  "a link that is gone": hold,
  "answers that are lost": deafen,
  "a slow link": slowDown,
  "cut connections": cut,
};

/** One after another, so often. */
export async function repeat(
  nemesis: Nemesis,
  times: number,
  world: World,
  random: () => number,
): Promise<void> {
  for (let round = 0; round < times; round++) {
    await nemesis(world, random);
    await lasting(random);
  }
}

/** Any of them at any time, for so long. @param tell what is done, as it is done */
export async function soup(
  world: World,
  random: () => number,
  durationMs: number,
  tell: (line: string) => void = () => undefined,
): Promise<void> {
  const names = Object.keys(ALL);
  const end = performance.now() + durationMs;
  while (performance.now() < end) {
    const name = names[Math.floor(random() * names.length)] ?? "";
    tell(name);
    await ALL[name]?.(world, random);
    await lasting(random);
  }
}
