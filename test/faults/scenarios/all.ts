/** The scenarios of the plan that one machine can run; their numbers are those of docs/reliability.md. */
import { setTimeout as pause } from "node:timers/promises";
import { waitFor } from "../../support/wait.ts";
import {
  contradictionsCounted,
  diskWasFull,
  poisonFailed,
  tablesWereFull,
  toldToComeLater,
} from "./afterwards.ts";
import {
  cut,
  cutDatabase,
  deafen,
  deafenDatabase,
  emptyRedis,
  fillAgentDisk,
  fillRedis,
  fillTables,
  freezeWorker,
  hold,
  holdDatabase,
  killAgent,
  killPostgres,
  killRedis,
  killService,
  killWorker,
  loseDatabase,
  poison,
  refuse,
  refuseDatabase,
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
    id: 7,
    title: "real agents are killed, at any point of what they do with their spool",
    world: { agents: 2 },
    durationMs: 60_000,
    run: (world, random) => repeat(killAgent, 10, world, random),
  },
  {
    id: 8,
    title: "a real agent's spool on a disk of 4 MB that is full, with the service out of reach",
    world: { agents: 1, agentDiskMb: 4 },
    durationMs: 40_000,
    run: (world, random) => repeat(fillAgentDisk, 3, world, random),
    verify: diskWasFull,
  },
  {
    id: 9,
    title: "the disk of Postgres' tables is full",
    world: { tablesMb: 64 },
    durationMs: 45_000,
    run: (world, random) => repeat(fillTables, 3, world, random),
    verify: tablesWereFull,
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
    id: 12,
    title: "services and workers lose Postgres: refused, cut, held, deaf, and without a word",
    world: { between: "proxy" },
    durationMs: 120_000,
    run: async (world, random) => {
      for (const nemesis of [refuseDatabase, cutDatabase, holdDatabase, deafenDatabase]) {
        await repeat(nemesis, 2, world, random);
      }
      // They have to notice by themselves, and take more than half a minute: a statement may take so long.
      await loseDatabase(world, random);
      await pause(45_000);
    },
  },
  {
    id: 13,
    title: "clocks of hosts jump by an hour, and are ten years off",
    fleet: { jumping: true },
    durationMs: 20_000,
    run: calm(15_000),
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
    id: 16,
    title: "snapshots that are stored are sent again with another value",
    fleet: { contradicting: true },
    durationMs: 20_000,
    run: calm(15_000),
    verify: contradictionsCounted,
  },
  {
    id: 17,
    title: "reboots, wraps of 32 bits and pauses, in calm",
    durationMs: 20_000,
    run: calm(15_000),
  },
  {
    id: 18,
    title:
      "ten times as many hosts come back within a second, each with 20 minutes, and are told to come later",
    crowd: 10,
    world: { env: { SPILLWAY_RATE_LIMIT_INGEST: "200" } },
    fleet: { backlog: 120, paceMs: 60_000 },
    durationMs: 240_000,
    run: async (world, random) => {
      for (const proxy of world.proxies) proxy.weather = { kind: "refuse" };
      await pause(2_000 + random() * 3_000);
      for (const proxy of world.proxies) proxy.weather = { kind: "pass" };
      // As long as the limit says, which lets through so many a minute.
      const { journal } = world;
      await waitFor("the herd to be through", () => journal.unanswered < journal.hosts.length, {
        timeoutMs: 300_000,
      });
    },
    verify: toldToComeLater,
  },
  {
    id: 19,
    title: "jobs that no worker can do",
    durationMs: 30_000,
    run: (world, random) => repeat(poison, 4, world, random),
    verify: poisonFailed,
  },
  {
    id: 20,
    title: "a worker is frozen for longer than the lock of its job, and goes on",
    world: { workers: 2 },
    durationMs: 70_000,
    run: (world, random) => repeat(freezeWorker, 2, world, random),
  },
  {
    id: 23,
    title: "services are asked to stop while pushes are under way",
    world: { services: 2 },
    durationMs: 40_000,
    run: (world, random) => repeat(restartService, 4, world, random),
  },
  {
    id: 25,
    title: "PgBouncer hands out a connection for each transaction, and a service and a worker are killed",
    world: { between: "pooler" },
    durationMs: 40_000,
    run: async (world, random) => {
      await repeat(killService, 2, world, random);
      await repeat(killWorker, 2, world, random);
      await repeat(killPostgres, 1, world, random);
    },
  },
  {
    id: 27,
    title: "anything at any time",
    world: { services: 2, workers: 2 },
    durationMs: 60_000,
    run: (world, random) => soup(world, random, 45_000),
  },
];
