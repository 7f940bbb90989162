/** The service as it is deployed: `serve` and `work` from dist/, Postgres and Redis, each a process of its own. */
import { waitFor } from "../../test/support/wait.ts";
import type { Target } from "../ingest/post-request.ts";
import { mainThreadCpuMs, processCpuMs, residentMb } from "../support/cpu.ts";
import { type Database, type Spillway, startDatabase, startServe, startWork } from "../support/spillway.ts";
import { freePort, type Workshop } from "../support/workshop.ts";
import { startRedis } from "./redis.ts";

/** What is asked of each process, by its name. */
export const PROCESSES = ["service", "worker", "Postgres", "Redis"] as const;
export type ProcessName = (typeof PROCESSES)[number];
export type ByProcess = Readonly<Record<ProcessName, number>>;

export interface Deployment {
  readonly spillway: Spillway;
  readonly database: Database;
  /** Where agents push. */
  readonly target: Target;
  /** CPU so far, in ms. */
  cpuMs(): ByProcess;
  /** CPU so far of the one thread that JavaScript runs in, in ms. */
  threadCpuMs(): { readonly service: number; readonly worker: number };
  /** In MB: of Node and Redis the most so far, of Postgres what it has now. */
  memoryMb(): ByProcess;
  /** /metrics of the two processes of ours. */
  metrics(): Promise<{ readonly service: Metrics; readonly worker: Metrics }>;
  rollup(): Promise<{ readonly lag: number; readonly settledLag: number; readonly pendingMarks: number }>;
  /** Waits until no minute that is over is left to be rolled up. */
  settle(): Promise<void>;
}

/** Value by name with labels, as it is printed. */
export type Metrics = ReadonlyMap<string, number>;

const SETTLE_MS = 300_000;

export async function deploy(shop: Workshop): Promise<Deployment> {
  const database = await startDatabase(shop);
  const redis = await startRedis(shop);
  const workPort = await freePort();
  const env = redis === null ? {} : { REDIS_URL: redis.url };
  const spillway = await startServe(shop, database, [], env);
  const work = startWork(shop, database, { ...env, SPILLWAY_WORK_PORT: String(workPort) });
  await waitFor("the worker to be ready", async () => {
    if (work.child.exitCode !== null) throw new Error(work.output());
    return (await fetch(`http://127.0.0.1:${workPort}/readyz`)).ok;
  });
  const [service, worker, redisPid] = [spillway.serve.pid, work.pid, redis?.process.pid ?? null];
  const rollup: Deployment["rollup"] = async () => {
    const { system } = (await spillway.graphql("{ system { rollup { lag settledLag pendingMarks } } }")) as {
      readonly system: { readonly rollup: Awaited<ReturnType<Deployment["rollup"]>> };
    };
    return system.rollup;
  };
  return {
    spillway,
    database,
    target: { port: spillway.port, path: "/v1/snapshots", token: spillway.ingestToken },
    cpuMs: () => ({
      service: processCpuMs(service),
      worker: processCpuMs(worker),
      Postgres: database.cpuMs(),
      Redis: redisPid === null ? 0 : processCpuMs(redisPid),
    }),
    threadCpuMs: () => ({ service: mainThreadCpuMs(service), worker: mainThreadCpuMs(worker) }),
    memoryMb: () => ({
      service: residentMb(service),
      worker: residentMb(worker),
      Postgres: database.memoryMb(),
      Redis: redisPid === null ? 0 : residentMb(redisPid),
    }),
    metrics: async () => ({
      service: await metricsOf(spillway.port),
      worker: await metricsOf(workPort),
    }),
    rollup,
    settle: async () => {
      await waitFor("the rollup to catch up", async () => (await rollup()).lag === 0, {
        timeoutMs: SETTLE_MS,
      });
    },
  };
}

async function metricsOf(port: number): Promise<Metrics> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const space = line.lastIndexOf(" ");
        return [line.slice(0, space), Number(line.slice(space + 1))];
      }),
  );
}
