/** Streams of the same data to several servers, in turns, and what each of them spends on it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { FleetOptions } from "../fleet/fleet.ts";
import type { Peer } from "../peers/servers.ts";
import type { Database, Spillway } from "../support/spillway.ts";
import type { Generator } from "./generator-client.ts";
import type { Prepared, Sent, StreamOptions } from "./generator-protocol.ts";

/** After a round: what a server does a moment later belongs to it. */
const SETTLE_MS = 500;
/** After all rounds: what it does in the background, to merge and to write out, belongs to all of them. */
const BACKGROUND_MS = 5_000;
/** Intervals before the rounds, not counted: hosts are registered, connections opened, code compiled. */
export const WARMUP_STEPS = 3;

export interface Server {
  readonly name: string;
  readonly port: number;
  /** Where each form that it takes goes to. */
  readonly paths: Readonly<Partial<Record<Form, string>>>;
  /** Null for a peer, which takes remote write. */
  readonly token: string | null;
  /** CPU so far by process, in ms. */
  cpu(): Readonly<Record<string, number>>;
}

export type Form = StreamOptions["form"];

export interface Lane {
  readonly name: string;
  readonly server: Server;
  readonly form: Form;
  readonly hostsPerRequest: number;
  /** As in StreamOptions; false where it is left out. */
  readonly cut?: boolean;
  readonly gzip: boolean;
  readonly fleet: FleetOptions;
  readonly churn: StreamOptions["churn"];
  readonly sums: Sums;
}

export interface Sums {
  readonly cpuMs: Record<string, number>;
  samples: number;
  snapshots: number;
  bytes: number;
  requests: number;
  seconds: number;
  readonly p50: number[];
  readonly p99: number[];
}

export function newSums(): Sums {
  return { cpuMs: {}, samples: 0, snapshots: 0, bytes: 0, requests: 0, seconds: 0, p50: [], p99: [] };
}

export function ourServer(spillway: Spillway, database: Database): Server {
  return {
    name: "Spillway",
    port: spillway.port,
    paths: { push: "/v1/snapshots", "remote-write": "/api/v1/write" },
    token: spillway.ingestToken,
    cpu: () => ({ node: spillway.cpuMs(), postgres: database.cpuMs() }),
  };
}

export function peerServer(peer: Peer): Server {
  return {
    name: peer.name,
    port: peer.port,
    paths: { "remote-write": peer.writePath },
    token: null,
    cpu: () => ({ server: peer.cpuMs() }),
  };
}

/** What is sent to a server beside its peers: ours has a protocol of its own. */
export function usualForm({ token }: Server): Form {
  return token === null ? "remote-write" : "push";
}

/** Opens a lane's stream and sends what is not counted. */
export async function openLane(lane: Lane, generator: Generator, warmupSteps = WARMUP_STEPS): Promise<void> {
  const { name, server, form, hostsPerRequest, cut = false, gzip, fleet, churn } = lane;
  await generator.open({
    name,
    fleet,
    form,
    gzip,
    hostsPerRequest,
    cut,
    port: server.port,
    path: server.paths[form] ?? "/",
    token: server.token,
    churn,
  });
  await generator.prepare(name, warmupSteps);
  await generator.send(name);
}

/** @returns CPU that servers spent while others had their turn: their work in the background, by server */
export async function measureRounds(
  lanes: readonly Lane[],
  generator: Generator,
  { rounds, steps }: { readonly rounds: number; readonly steps: number },
): Promise<Map<Server, number>> {
  const servers = [...new Set(lanes.map(({ server }) => server))];
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
  await sleep(BACKGROUND_MS);
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

/** Samples for a second of CPU, a server's background divided among its lanes by their samples. */
export function perCpuSecond(
  lane: Lane,
  lanes: readonly Lane[],
  background: ReadonlyMap<Server, number>,
): number {
  const all = lanes
    .filter(({ server }) => server === lane.server)
    .reduce((sum, { sums }) => sum + sums.samples, 0);
  const share = ((background.get(lane.server) ?? 0) * lane.sums.samples) / all;
  return (lane.sums.samples * 1_000) / (total(lane.sums.cpuMs) + share);
}

/** What a lane of ours was like. */
export function detailsOf({ sums }: Lane): Record<string, number> {
  const each = (ms: number) => (ms * 1_000) / sums.snapshots;
  return {
    "us of Node a snapshot": each(sums.cpuMs.node ?? 0),
    "us of Postgres": each(sums.cpuMs.postgres ?? 0),
    "snapshots/s": sums.snapshots / sums.seconds,
    "p50 ms": mean(sums.p50),
    "p99 ms": mean(sums.p99),
    "bytes a sample": sums.bytes / sums.samples,
  };
}

export function total(cpuMs: Readonly<Record<string, number>>): number {
  return Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
