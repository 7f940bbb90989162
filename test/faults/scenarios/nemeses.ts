/** Single faults: each is done, lasts, and is over. */
import { setTimeout as pause } from "node:timers/promises";
import type { Weather } from "../kit/proxy.ts";
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
