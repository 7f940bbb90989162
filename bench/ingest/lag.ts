/**
 * Freshness under the load of a fleet: agents push in real time, each at its own moment of the interval, while
 * a worker rolls up. How far the rollup lags, and what each process spends.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { waitFor } from "../../test/support/wait.ts";
import { FLEET_DEFAULTS } from "../fleet/fleet.ts";
import { processCpuMs } from "../support/cpu.ts";
import type { Figure } from "../support/figure.ts";
import { type Spillway, startDatabase, startServe, startWork } from "../support/spillway.ts";
import type { Workshop } from "../support/workshop.ts";
import { startGenerator } from "./generator-client.ts";
import type { Sent } from "./generator-protocol.ts";
import { newSums, openLane, ourServer } from "./lanes.ts";

export interface LagSizes {
  readonly hosts: readonly number[];
  readonly seconds: number;
}

const LOOK_MS = 1_000;
const CATCH_UP_MS = 120_000;

export async function benchLag(shop: Workshop, { hosts, seconds }: LagSizes): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const count of hosts) figures.push(...(await lagOf(shop, count, seconds)));
  return figures;
}

async function lagOf(shop: Workshop, hosts: number, seconds: number): Promise<Figure[]> {
  const database = await startDatabase(shop);
  const spillway = await startServe(shop, database);
  const work = startWork(shop, database);
  const generator = startGenerator(shop);
  const name = "lag";
  const fleet = { ...FLEET_DEFAULTS, hosts, startMs: Date.now() - FLEET_DEFAULTS.everyMs };
  const server = ourServer(spillway, database);
  // Before what is measured every host is registered and connected, as a fleet is that has been there.
  await openLane(
    { name, server, form: "push", hostsPerRequest: 1, gzip: true, fleet, churn: null, sums: newSums() },
    generator,
    1,
  );

  // Late as they came, these snapshots count as lag until they are rolled up.
  await waitFor("the rollup to catch up", async () => (await look(spillway)).lag === 0, {
    timeoutMs: CATCH_UP_MS,
  });
  const cpu = () => ({ serve: spillway.cpuMs(), work: processCpuMs(work.pid), postgres: database.cpuMs() });
  const before = cpu();
  const since = performance.now();
  const looks: LookAt[] = [];
  let over = false;
  const pacing = generator.pace(name, seconds).finally(() => {
    over = true;
  });
  while (!over) {
    looks.push({ ...(await look(spillway)), atMs: performance.now() - since });
    await Promise.race([sleep(LOOK_MS), pacing.catch(() => undefined)]);
  }
  const sent = await pacing;
  const [after, elapsedMs] = [cpu(), performance.now() - since];
  await Promise.all([generator.stop(), spillway.serve.stop(), work.stop()]);
  await database.stop();
  const cores = (process: keyof typeof before) => (after[process] - before[process]) / elapsedMs;
  return [
    lagFigure(hosts, seconds, looks, sent, {
      serve: cores("serve"),
      work: cores("work"),
      postgres: cores("postgres"),
    }),
  ];
}

interface Look {
  readonly lag: number;
  readonly pendingMarks: number;
}

interface LookAt extends Look {
  /** Since the first. */
  readonly atMs: number;
}

async function look(spillway: Spillway): Promise<Look> {
  const data = (await spillway.graphql("{ system { rollup { lag pendingMarks } } }")) as {
    readonly system: { readonly rollup: Look };
  };
  return data.system.rollup;
}

function lagFigure(
  hosts: number,
  seconds: number,
  looks: readonly LookAt[],
  sent: Sent,
  cores: { readonly serve: number; readonly work: number; readonly postgres: number },
): Figure {
  const lags = looks.map(({ lag }) => lag).sort((a, b) => a - b);
  const worst = looks.reduce((one, look) => (look.lag > one.lag ? look : one), { lag: 0, atMs: 0 });
  return {
    part: "lag",
    name: `${hosts.toLocaleString("en-US")} hosts each ${FLEET_DEFAULTS.everyMs / 1_000} s, for ${seconds} s`,
    unit: "s of rollup lag at most",
    ours: lags.at(-1) ?? Number.NaN,
    peer: null,
    better: "lower",
    details: {
      "median s": lags[lags.length >> 1] ?? Number.NaN,
      "p95 s": lags[Math.floor(lags.length * 0.95)] ?? Number.NaN,
      "worst after s": worst.atMs / 1_000,
      "pushes/s": sent.requests / sent.seconds,
      "push p50 ms": sent.p50Ms,
      "p99 ms": sent.p99Ms,
      "sent late at p99 by ms": sent.lateP99Ms,
      "cores of serve": cores.serve,
      "of work": cores.work,
      "of Postgres": cores.postgres,
      "marks waiting at most": Math.max(...looks.map(({ pendingMarks }) => pendingMarks)),
    },
  };
}
