/**
 * Ingest: samples for each second of CPU that a server spends, on the same data, in turns. Ours has its HTTP,
 * authentication and validation in it, and all of Postgres; what rolling up the same snapshots costs is told
 * apart, since no peer does it.
 */
import { FLEET_DEFAULTS } from "../fleet/fleet.ts";
import { startPrometheus, startVictoria } from "../peers/servers.ts";
import { rollUpAll } from "../store/roll-up-all.ts";
import { residentMb } from "../support/cpu.ts";
import type { Figure } from "../support/figure.ts";
import { type Database, startDatabase, startServe } from "../support/spillway.ts";
import type { Workshop } from "../support/workshop.ts";
import { startGenerator } from "./generator-client.ts";
import {
  detailsOf,
  type Lane,
  measureRounds,
  newSums,
  openLane,
  ourServer,
  peerServer,
  perCpuSecond,
  type Server,
  usualForm,
  WARMUP_STEPS,
} from "./lanes.ts";

export interface IngestSizes {
  readonly hosts: number;
  readonly rounds: number;
  /** Intervals in a round. */
  readonly steps: number;
  readonly peers: boolean;
  readonly prometheus: boolean;
  /** A folder for a CPU profile of `serve`; null for none. */
  readonly profile: string | null;
  /** Flags for the Node of `serve`. */
  readonly node: readonly string[];
}

const SHARED = 13;

export async function benchIngest(shop: Workshop, sizes: IngestSizes, missing: string[]): Promise<Figure[]> {
  const database = await startDatabase(shop);
  const profile = sizes.profile === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${sizes.profile}`];
  const spillway = await startServe(shop, database, [...sizes.node, ...profile]);
  const victoria = sizes.peers ? await startVictoria(shop) : null;
  const prometheus = sizes.peers && sizes.prometheus ? await startPrometheus(shop) : null;
  const peers = [victoria, prometheus].flatMap((peer) => peer ?? []);
  if (victoria === null) missing.push("VictoriaMetrics: not installed, or --no-peers");
  const generator = startGenerator(shop);

  const startMs = Date.now() - (WARMUP_STEPS + sizes.rounds * sizes.steps + 1) * FLEET_DEFAULTS.everyMs;
  const lanes = [ourServer(spillway, database), ...peers.map(peerServer)].flatMap((server) =>
    lanesOf(server, sizes.hosts, startMs),
  );
  for (const lane of lanes) await openLane(lane, generator);
  const background = await measureRounds(lanes, generator, sizes);
  const memory: Figure = {
    part: "ingest",
    name: "memory of the service, all of the above",
    unit: "MB at most",
    ours: residentMb(spillway.serve.pid),
    peer: victoria === null ? null : { name: victoria.name, value: victoria.peakMb() },
    better: "lower",
    details: {},
  };
  const figures = [...compare(lanes, background), memory, await rollupCost(database, sizes)];
  await Promise.all([generator.stop(), spillway.serve.stop(), ...peers.map((peer) => peer.stop())]);
  await database.stop();
  return figures;
}

function lanesOf(server: Server, hosts: number, startMs: number): Lane[] {
  const forms = server.token === null ? [false] : [true, false];
  return forms.flatMap((gzip) =>
    [1, SHARED].map((hostsPerRequest) => ({
      name: `${server.name} ${hostsPerRequest} ${gzip}`,
      server,
      form: usualForm(server),
      hostsPerRequest,
      gzip,
      // Each lane of ours has hosts of its own: two agents of one id would be in each other's way.
      fleet: { ...FLEET_DEFAULTS, seed: `${FLEET_DEFAULTS.seed} ${hostsPerRequest} ${gzip}`, hosts, startMs },
      churn: null,
      sums: newSums(),
    })),
  );
}

/** Ours beside each peer's. */
function compare(lanes: readonly Lane[], background: ReadonlyMap<Server, number>): Figure[] {
  return lanes
    .filter(({ server }) => server.token !== null)
    .flatMap((lane) => {
      const { hostsPerRequest, gzip } = lane;
      const figure: Figure = {
        part: "ingest",
        name: `${hostsPerRequest === 1 ? "one host" : `${hostsPerRequest} hosts`} a request, ${gzip ? "gzip" : "plain"}`,
        unit: "samples/CPU s",
        ours: perCpuSecond(lane, lanes, background),
        peer: null,
        better: "higher",
        details: detailsOf(lane),
      };
      const rivals = lanes.filter(
        (one) => one.server.token === null && one.hostsPerRequest === hostsPerRequest,
      );
      if (rivals.length === 0) return [figure];
      return rivals.map((rival) => ({
        ...figure,
        peer: { name: rival.server.name, value: perCpuSecond(rival, lanes, background) },
        details: { ...figure.details, "bytes of the peer's": rival.sums.bytes / rival.sums.samples },
      }));
    });
}

/** What it costs to roll up all that was ingested: Node's part is this process's. */
async function rollupCost(database: Database, { rounds, steps, hosts }: IngestSizes): Promise<Figure> {
  const before = { postgres: database.cpuMs(), node: process.cpuUsage() };
  const { snapshots } = await rollUpAll(database.store.db, Date.now() + 120_000);
  const node = process.cpuUsage(before.node);
  const [nodeMs, postgresMs] = [(node.user + node.system) / 1_000, database.cpuMs() - before.postgres];
  return {
    part: "ingest",
    name: `rolling up, apart from the above, ${hosts} hosts for ${rounds * steps} intervals, four times`,
    unit: "us of CPU a snapshot",
    ours: ((nodeMs + postgresMs) * 1_000) / snapshots,
    peer: null,
    better: "lower",
    details: {
      "us of Node": (nodeMs * 1_000) / snapshots,
      "us of Postgres": (postgresMs * 1_000) / snapshots,
    },
  };
}
