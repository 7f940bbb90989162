/**
 * What a sample costs that comes by remote write, beside one that an agent pushes: to the same service, on the same
 * data, in turns. No more than twice is the promise (docs/prometheus.md), of what each sends: Prometheus 2,000 samples at
 * once, the last host's scrape cut in two, an agent its host's. CPU is that of the service and of Postgres.
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

/** Hosts that share a connection, and a request where it has whole hosts: about as many samples as Prometheus sends at once. */
const SHARED = 13;

export async function benchPrometheus(shop: Workshop, sizes: PrometheusSizes): Promise<Figure[]> {
  const { hosts, rounds, steps } = sizes;
  const database = await startDatabase(shop);
  const profile = sizes.profile === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${sizes.profile}`];
  const spillway = await startServe(shop, database, [...sizes.node, ...profile]);
  const generator = startGenerator(shop);
  const startMs = Date.now() - (WARMUP_STEPS + rounds * steps + 1) * FLEET_DEFAULTS.everyMs;
  const server = ourServer(spillway, database);
  const laneOf = (form: Form, hostsPerRequest: number, cut = false): Lane => ({
    name: `${form} ${hostsPerRequest} ${cut}`,
    server,
    form,
    hostsPerRequest,
    cut,
    gzip: form === "push",
    // Each lane has hosts of its own: two senders of one host would be in each other's way.
    fleet: {
      ...FLEET_DEFAULTS,
      seed: `${FLEET_DEFAULTS.seed} ${form} ${hostsPerRequest} ${cut}`,
      hosts,
      startMs,
    },
    churn: null,
    sums: newSums(),
  });
  const written = {
    one: laneOf("remote-write", 1),
    shared: laneOf("remote-write", SHARED),
    cut: laneOf("remote-write", SHARED, true),
  };
  const pushed = { one: laneOf("push", 1), shared: laneOf("push", SHARED) };
  const lanes = [written.cut, pushed.one, written.one, pushed.shared, written.shared];
  for (const lane of lanes) await openLane(lane, generator);
  const background = await measureRounds(lanes, generator, sizes);
  const beside = (name: string, ours: Lane, push: Lane): Figure => ({
    part: "prometheus",
    name,
    unit: "samples/CPU s",
    ours: perCpuSecond(ours, lanes, background),
    peer: { name: "a push", value: perCpuSecond(push, lanes, background) },
    better: "higher",
    details: {
      ...detailsOf(ours),
      "push: us of Node a snapshot": detailsOf(push)["us of Node a snapshot"] ?? 0,
    },
  });
  const figures = [
    beside(
      "remote write as Prometheus sends it, 2,000 samples a request, beside an agent's push",
      written.cut,
      pushed.one,
    ),
    beside("remote write of one host a request, beside an agent's push", written.one, pushed.one),
    beside(`${SHARED} hosts a request, both`, written.shared, pushed.shared),
  ];
  await Promise.all([generator.stop(), spillway.serve.stop()]);
  await database.stop();
  return figures;
}
