/**
 * Ingest: samples for each second of CPU that a server spends, on the same data, in turns. Ours has its HTTP,
 * authentication and validation in it, and all of Postgres; what rolling up the same snapshots costs is told
 * apart, since no peer does it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { FLEET_DEFAULTS } from "../fleet/fleet.ts";
import { type Peer, startPrometheus, startVictoria } from "../peers/servers.ts";
import { rollUpAll } from "../store/roll-up-all.ts";
import type { Figure } from "../support/figure.ts";
import { type Database, type Spillway, startDatabase, startServe } from "../support/spillway.ts";
import type { Workshop } from "../support/workshop.ts";
import { type Generator, startGenerator } from "./generator-client.ts";
import type { Prepared, Sent } from "./generator-protocol.ts";

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

/** After a round: what a server does a moment later belongs to it. */
const SETTLE_MS = 500;
/** Intervals before the rounds, not counted: hosts are registered, connections opened, code compiled. */
const WARMUP_STEPS = 3;
const SHARED = 13;

interface Server {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly token: string | null;
  /** CPU so far by process, in ms. */
  cpu(): Readonly<Record<string, number>>;
}

interface Lane {
  readonly name: string;
  readonly server: Server;
  readonly hostsPerRequest: number;
  readonly gzip: boolean;
  readonly sums: Sums;
}

interface Sums {
  readonly cpuMs: Record<string, number>;
  samples: number;
  snapshots: number;
  bytes: number;
  requests: number;
  seconds: number;
  readonly p50: number[];
  readonly p99: number[];
}

export async function benchIngest(shop: Workshop, sizes: IngestSizes, missing: string[]): Promise<Figure[]> {
  const database = await startDatabase(shop);
  const profile = sizes.profile === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${sizes.profile}`];
  const spillway = await startServe(shop, database, [...sizes.node, ...profile]);
  const victoria = sizes.peers ? await startVictoria(shop) : null;
  const prometheus = sizes.peers && sizes.prometheus ? await startPrometheus(shop) : null;
  const peers = [victoria, prometheus].flatMap((peer) => peer ?? []);
  if (victoria === null) missing.push("VictoriaMetrics: not installed, or --no-peers");
  const generator = startGenerator(shop);
  const servers = [ourServer(spillway, database), ...peers.map(peerServer)];
  const lanes = servers.flatMap((server) => lanesOf(server));

  const startMs = Date.now() - (WARMUP_STEPS + sizes.rounds * sizes.steps + 1) * FLEET_DEFAULTS.everyMs;
  for (const { name, server, hostsPerRequest, gzip } of lanes) {
    // Each lane has hosts of its own, those of lanes that are compared with each other saying the same.
    const seed = `${FLEET_DEFAULTS.seed} ${hostsPerRequest} ${gzip}`;
    await generator.open({
      name,
      fleet: { ...FLEET_DEFAULTS, seed, hosts: sizes.hosts, startMs },
      form: server.token === null ? "remote-write" : "push",
      gzip,
      hostsPerRequest,
      port: server.port,
      path: server.path,
      token: server.token,
      churn: null,
    });
    await generator.prepare(name, WARMUP_STEPS);
    await generator.send(name);
  }
  const idle = await measureRounds(lanes, servers, generator, sizes);
  const figures = compare(lanes, idle);
  figures.push(await rollupCost(database, sizes));
  await Promise.all([generator.stop(), spillway.serve.stop(), ...peers.map((peer) => peer.stop())]);
  await database.stop();
  return figures;
}

function ourServer(spillway: Spillway, database: Database): Server {
  return {
    name: "Spillway",
    port: spillway.port,
    path: "/v1/snapshots",
    token: spillway.ingestToken,
    cpu: () => ({ node: spillway.cpuMs(), postgres: database.cpuMs() }),
  };
}

function peerServer(peer: Peer): Server {
  return {
    name: peer.name,
    port: peer.port,
    path: peer.writePath,
    token: null,
    cpu: () => ({ server: peer.cpuMs() }),
  };
}

function lanesOf(server: Server): Lane[] {
  const forms = server.token === null ? [false] : [true, false];
  return forms.flatMap((gzip) =>
    [1, SHARED].map((hostsPerRequest) => ({
      name: `${server.name} ${hostsPerRequest} ${gzip}`,
      server,
      hostsPerRequest,
      gzip,
      sums: { cpuMs: {}, samples: 0, snapshots: 0, bytes: 0, requests: 0, seconds: 0, p50: [], p99: [] },
    })),
  );
}

/** @returns CPU that servers spent while others had their turn: their work in the background, by server */
async function measureRounds(
  lanes: readonly Lane[],
  servers: readonly Server[],
  generator: Generator,
  { rounds, steps }: IngestSizes,
): Promise<Map<Server, number>> {
  const begun = new Map(servers.map((server) => [server, server.cpu()]));
  for (let round = 0; round < rounds; round++) {
    for (const lane of lanes) {
      const prepared = await generator.prepare(lane.name, steps);
      const before = lane.server.cpu();
      const sent = await generator.send(lane.name);
      await sleep(SETTLE_MS);
      add(lane.sums, before, lane.server.cpu(), prepared, sent);
    }
  }
  await sleep(5_000);
  return new Map(
    servers.map((server) => {
      const counted = lanes.filter((lane) => lane.server === server).map((lane) => total(lane.sums.cpuMs));
      const all = total(server.cpu()) - total(begun.get(server) ?? {});
      return [server, all - counted.reduce((sum, ms) => sum + ms, 0)];
    }),
  );
}

function add(
  sums: Sums,
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  prepared: Prepared,
  sent: Sent,
): void {
  for (const [process, ms] of Object.entries(after)) {
    sums.cpuMs[process] = (sums.cpuMs[process] ?? 0) + ms - (before[process] ?? 0);
  }
  sums.samples += sent.samples;
  sums.snapshots += sent.snapshots;
  sums.requests += sent.requests;
  sums.bytes += prepared.bytes;
  sums.seconds += sent.seconds;
  sums.p50.push(sent.p50Ms);
  sums.p99.push(sent.p99Ms);
}

/** Ours beside each peer's, what a server did in the background divided among its lanes by their samples. */
function compare(lanes: readonly Lane[], background: ReadonlyMap<Server, number>): Figure[] {
  const perCpuSecond = (lane: Lane): number => {
    const all = lanes
      .filter(({ server }) => server === lane.server)
      .reduce((sum, { sums }) => sum + sums.samples, 0);
    const share = ((background.get(lane.server) ?? 0) * lane.sums.samples) / all;
    return (lane.sums.samples * 1_000) / (total(lane.sums.cpuMs) + share);
  };
  const figures: Figure[] = [];
  for (const lane of lanes.filter(({ server }) => server.token !== null)) {
    const { sums, hostsPerRequest, gzip } = lane;
    const rivals = lanes.filter(
      (one) => one.server.token === null && one.hostsPerRequest === hostsPerRequest,
    );
    const name = `${hostsPerRequest === 1 ? "one host" : `${hostsPerRequest} hosts`} a request, ${gzip ? "gzip" : "plain"}`;
    const each = (ms: number) => (ms * 1_000) / sums.snapshots;
    const details = {
      "us of Node a snapshot": each(sums.cpuMs.node ?? 0),
      "us of Postgres": each(sums.cpuMs.postgres ?? 0),
      "snapshots/s": sums.snapshots / sums.seconds,
      "p50 ms": mean(sums.p50),
      "p99 ms": mean(sums.p99),
      "bytes a sample": sums.bytes / sums.samples,
    };
    const ours = {
      part: "ingest",
      name,
      unit: "samples/CPU s",
      ours: perCpuSecond(lane),
      better: "higher",
      details,
    } as const;
    if (rivals.length === 0) figures.push({ ...ours, peer: null });
    for (const rival of rivals) {
      figures.push({
        ...ours,
        peer: { name: rival.server.name, value: perCpuSecond(rival) },
        details: { ...details, "bytes of the peer's": rival.sums.bytes / rival.sums.samples },
      });
    }
  }
  return figures;
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

function total(cpuMs: Readonly<Record<string, number>>): number {
  return Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
