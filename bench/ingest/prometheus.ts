/**
 * What a sample costs that comes by remote write, beside one that an agent pushes: to the same service, on the same data,
 * in turns. No more than twice is the promise (docs/prometheus.md).
 */
import { FLEET_DEFAULTS } from "../fleet/fleet.ts";
import type { Figure } from "../support/figure.ts";
import { startDatabase, startServe } from "../support/spillway.ts";
import type { Workshop } from "../support/workshop.ts";
import { startGenerator } from "./generator-client.ts";
import {
  detailsOf,
  type Form,
  type Lane,
  measureRounds,
  newSums,
  openLane,
  ourServer,
  perCpuSecond,
  WARMUP_STEPS,
} from "./lanes.ts";

export interface PrometheusSizes {
  readonly hosts: number;
  readonly rounds: number;
  /** Intervals in a round. */
  readonly steps: number;
  /** A folder for a CPU profile of `serve`; null for none. */
  readonly profile: string | null;
  /** Flags for the Node of `serve`. */
  readonly node: readonly string[];
}

/** Hosts whose scrapes share a request: about as many samples as Prometheus sends at once. */
const SHARED = 13;

export async function benchPrometheus(shop: Workshop, sizes: PrometheusSizes): Promise<Figure[]> {
  const { hosts, rounds, steps } = sizes;
  const database = await startDatabase(shop);
  const profile = sizes.profile === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${sizes.profile}`];
  const spillway = await startServe(shop, database, [...sizes.node, ...profile]);
  const generator = startGenerator(shop);
  const startMs = Date.now() - (WARMUP_STEPS + rounds * steps + 1) * FLEET_DEFAULTS.everyMs;
  const server = ourServer(spillway, database);
  const laneOf = (form: Form, hostsPerRequest: number): Lane => ({
    name: `${form} ${hostsPerRequest}`,
    server,
    form,
    hostsPerRequest,
    gzip: form === "push",
    // Each lane has hosts of its own: two senders of one host would be in each other's way.
    fleet: { ...FLEET_DEFAULTS, seed: `${FLEET_DEFAULTS.seed} ${form} ${hostsPerRequest}`, hosts, startMs },
    churn: null,
    sums: newSums(),
  });
  const pairs = [1, SHARED].map((shared) => ({
    shared,
    written: laneOf("remote-write", shared),
    pushed: laneOf("push", shared),
  }));
  const lanes = pairs.flatMap(({ written, pushed }) => [written, pushed]);
  for (const lane of lanes) await openLane(lane, generator);
  const background = await measureRounds(lanes, generator, sizes);
  const figures = pairs.map(
    ({ shared, written, pushed }): Figure => ({
      part: "prometheus",
      name: `remote write, ${shared === 1 ? "one host" : `${shared} hosts`} a request`,
      unit: "samples/CPU s",
      ours: perCpuSecond(written, lanes, background),
      peer: { name: "by an agent's push", value: perCpuSecond(pushed, lanes, background) },
      better: "higher",
      details: {
        ...detailsOf(written),
        "push: us of Node a snapshot": detailsOf(pushed)["us of Node a snapshot"] ?? 0,
      },
    }),
  );
  await Promise.all([generator.stop(), spillway.serve.stop()]);
  await database.stop();
  return figures;
}
