/** The scenarios of the plan that one machine can run; their numbers are those of docs/reliability.md. */
import { setTimeout as pause } from "node:timers/promises";
import {
  cut,
  deafen,
  emptyRedis,
  fillRedis,
  hold,
  killPostgres,
  killRedis,
  killService,
  killWorker,
  refuse,
  repeat,
  restartService,
  slowDown,
  soup,
} from "./nemeses.ts";
import type { Scenario } from "./scenario.ts";

const calm = (ms: number) => async () => {
  await pause(ms);
};

export const SCENARIOS: readonly Scenario[] = [
  {
    id: 1,
    title: "services are killed, and answers cut off between commit and reply",
    durationMs: 40_000,
    run: async (world, random) => {
      await repeat(killService, 3, world, random);
      await repeat(cut, 2, world, random);
      await repeat(deafen, 2, world, random);
    },
  },
  {
    id: 2,
    title: "workers are killed in the middle of their jobs",
    world: { workers: 2 },
    durationMs: 40_000,
    run: (world, random) => repeat(killWorker, 5, world, random),
  },
  {
    id: 3,
    title: "Postgres is killed",
    durationMs: 40_000,
    run: (world, random) => repeat(killPostgres, 4, world, random),
  },
  {
    id: 4,
    title: "Redis is killed, and loses up to a second",
    durationMs: 40_000,
    run: (world, random) => repeat(killRedis, 4, world, random),
  },
  {
    id: 5,
    title: "Redis loses everything",
    durationMs: 30_000,
    run: (world, random) => repeat(emptyRedis, 4, world, random),
  },
  {
    id: 6,
    title: "Redis is full",
    durationMs: 30_000,
    run: (world, random) => repeat(fillRedis, 4, world, random),
  },
  {
    id: 10,
    title: "the network between agents and service is gone, refuses, or is half open",
    durationMs: 40_000,
    run: async (world, random) => {
      await repeat(hold, 3, world, random);
      await repeat(refuse, 3, world, random);
      await repeat(deafen, 2, world, random);
    },
  },
  {
    id: 11,
    title: "a slow link",
    durationMs: 30_000,
    run: (world, random) => repeat(slowDown, 5, world, random),
  },
  {
    id: 14,
    title: "each batch three times at once, to two services",
    world: { services: 2 },
    fleet: { copies: 3 },
    durationMs: 20_000,
    run: calm(12_000),
  },
  {
    id: 15,
    title: "snapshots in any order",
    fleet: { shuffled: true },
    durationMs: 20_000,
    run: calm(12_000),
  },
  {
    id: 17,
    title: "reboots, wraps of 32 bits and pauses, in calm",
    durationMs: 20_000,
    run: calm(15_000),
  },
  {
    id: 23,
    title: "services are asked to stop while pushes are under way",
    world: { services: 2 },
    durationMs: 40_000,
    run: (world, random) => repeat(restartService, 4, world, random),
  },
  {
    id: 27,
    title: "anything at any time",
    world: { services: 2, workers: 2 },
    durationMs: 60_000,
    run: (world, random) => soup(world, random, 45_000),
  },
];
