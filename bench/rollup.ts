/**
 * What it costs to roll up one shard: 256 hosts, each with 150 counters each 10 s, as `npm run bench:rollup`.
 *
 * One line for each figure, in CPU of this process and of Postgres: a tick of the open minute, with a fifth of
 * the hosts new since the last; a minute that has closed; an hour; and what they make of a fleet of 40 shards,
 * 10,240 hosts. It starts an embedded Postgres of its own, durable as the service's, in a temporary folder.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isEventCounter } from "../src/catalog/catalog.ts";
import { startEmbeddedPostgres } from "../src/embedded/embedded-postgres.ts";
import { layoutHash } from "../src/protocol/layout.ts";
import { openStore, type Store } from "../src/store/client.ts";
import { encodeValues } from "../src/store/codec/values.ts";
import { registerEpoch } from "../src/store/epochs.ts";
import { SnapshotReader } from "../src/store/history/snapshot-reader.ts";
import { registerHost } from "../src/store/hosts.ts";
import { LayoutCache, registerLayout } from "../src/store/layouts.ts";
import { migrate } from "../src/store/migrate.ts";
import { registerRoot } from "../src/store/namespaces.ts";
import { Partitions } from "../src/store/partitions.ts";
import { SeenMarks } from "../src/store/rollup/marks.ts";
import { rollUpHours } from "../src/store/rollup/roll-up-hours.ts";
import { rollUpShard } from "../src/store/rollup/roll-up-shard.ts";
import { appendSnapshots, type SnapshotRow, shardOf } from "../src/store/snapshots.ts";
import { readCpu } from "./agent/proc.ts";

const HOSTS = 256;
const COUNTERS = 150;
const MINUTES = Number(process.env.SPILLWAY_BENCH_MINUTES ?? 8);
const EVERY_MS = 10_000;
/** The tick of src/jobs/schedules.ts. */
const TICK_MS = 2_000;
const SHARDS = 40;
const T0 = Date.UTC(2026, 10, 22, 12);

/** CPU ms. */
interface Cpu {
  readonly node: number;
  readonly postgres: number;
}

function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Of Postgres with its backends, those that have ended too; in steps of 10 ms a process. */
function postgresCpu(postmaster: number): number {
  const { ownMs, childrenMs } = readCpu(postmaster);
  return ownMs + childrenMs;
}

/** Sums what pieces of work cost. */
class Meter {
  readonly #postmaster: number;
  readonly #sums = new Map<string, { node: number; postgres: number; wall: number; times: number }>();

  constructor(postmaster: number) {
    this.#postmaster = postmaster;
  }

  async of<T>(name: string, work: () => Promise<T>): Promise<T> {
    const postgres = postgresCpu(this.#postmaster);
    const began = performance.now();
    const node = ownCpu();
    const result = await work();
    const nodeAfter = ownCpu();
    const wall = performance.now() - began;
    const postgresAfter = postgresCpu(this.#postmaster);
    const sum = this.#sums.get(name) ?? { node: 0, postgres: 0, wall: 0, times: 0 };
    sum.node += nodeAfter - node;
    sum.postgres += postgresAfter - postgres;
    sum.wall += wall;
    sum.times++;
    this.#sums.set(name, sum);
    return result;
  }

  mean(name: string): Cpu & { readonly wall: number } {
    const { node, postgres, wall, times } = this.#sums.get(name) ?? {
      node: 0,
      postgres: 0,
      wall: 0,
      times: 1,
    };
    return { node: node / times, postgres: postgres / times, wall: wall / times };
  }
}

/** A seeded generator (mulberry32): the same fleet in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NAMES = [
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpCurrEstab",
  ...Array.from({ length: COUNTERS - 3 }, (_, index) => `TcpExtBench${index}`),
];

/** Of the counters 60 % stand still, 25 % move slowly, 15 % are busy; 1 host in 200 overflows. */
class BenchHost {
  readonly namespaceId: number;
  readonly #epochId: number;
  readonly #layoutId: number;
  readonly #values: number[];
  readonly #rand: () => number;
  readonly #overflows: boolean;

  constructor(namespaceId: number, epochId: number, layoutId: number) {
    this.namespaceId = namespaceId;
    this.#epochId = epochId;
    this.#layoutId = layoutId;
    this.#rand = random(namespaceId);
    this.#overflows = namespaceId % 200 === 7;
    this.#values = NAMES.map(() => Math.floor(this.#rand() * 1e6));
  }

  snapshot(at: number): SnapshotRow {
    for (let index = 0; index < COUNTERS; index++) {
      const value = this.#values[index] ?? 0;
      const grows =
        index < 2 ? (this.#overflows ? 3 : 0) : index % 20 < 12 ? 0 : index % 20 < 17 ? 4 : 20_000;
      this.#values[index] =
        index === 2 ? Math.floor(this.#rand() * 500) : value + Math.floor(this.#rand() * grows);
    }
    return {
      namespaceId: this.namespaceId,
      at,
      epochId: this.#epochId,
      uptimeMs: at - T0 + 5e6,
      everyMs: EVERY_MS,
      flags: 0,
      layoutId: this.#layoutId,
      values: encodeValues(this.#values),
      listeners: null,
    };
  }
}

async function makeFleet({ db }: Store): Promise<BenchHost[]> {
  const layout = await registerLayout(db, layoutHash(NAMES), NAMES);
  if (layout === null) throw new Error("no layout");
  const hosts: BenchHost[] = [];
  for (let index = 0; index < HOSTS; index++) {
    const facts = { name: `bench-${index}`, machineId: null, labels: {} };
    const host = await registerHost(db, randomUUID(), randomBytes(32), facts);
    const epochId = await registerEpoch(db, host.id, {
      bootId: randomUUID(),
      number: 0,
      kernel: "6.12",
      arch: "x86_64",
      wordSize: 64,
    });
    hosts.push(new BenchHost(await registerRoot(db, host.id), epochId, layout.id));
  }
  return hosts;
}

async function run(store: Store, postmaster: number): Promise<void> {
  const { db } = store;
  const hosts = await makeFleet(store);
  const shard = shardOf(hosts[0]?.namespaceId ?? 0);
  const partitions = new Partitions();
  await partitions.makeAhead(db, T0);
  const reader = new SnapshotReader(new LayoutCache());
  const deps = { db, partitions, isEventCounter, reader, seen: new SeenMarks() };
  const meter = new Meter(postmaster);
  const touching = async (ids: readonly number[]) =>
    db.$executeRaw`UPDATE ts.mark SET namespaces = ${[...ids]}::int[] WHERE namespaces IS NULL`;
  const ticksPerInterval = EVERY_MS / TICK_MS;

  // Before what is measured: an hour of snapshots, so that the tables and their indexes have some size.
  const warmUpFrom = T0 - 60 * 60_000;
  await partitions.ensure(db, "snapshot", [warmUpFrom]);
  for (let at = warmUpFrom; at < T0; at += EVERY_MS) {
    await appendSnapshots(
      db,
      hosts.map((host, index) => host.snapshot(at + index * 30)),
    );
  }
  for (let more = true; more; ) {
    const outcome = await rollUpShard(deps, shard, T0 + 1);
    more = outcome.kind === "done" && outcome.more;
  }
  await db.$executeRawUnsafe("ANALYZE");

  for (let now = T0 + TICK_MS; now <= T0 + MINUTES * 60_000; now += TICK_MS) {
    const turn = (now / TICK_MS) % ticksPerInterval;
    const due = hosts.filter((_, index) => index % ticksPerInterval === turn);
    await meter.of("ingest", () =>
      appendSnapshots(
        db,
        due.map((host) => host.snapshot(now - 500)),
      ),
    );
    await touching(due.map(({ namespaceId }) => namespaceId));
    const closes = now % 60_000 === 0;
    await meter.of(closes ? "closed" : "open", () => rollUpShard(deps, shard, now));
  }

  await meter.of("hour", () => rollUpHours(deps, shard, T0 + 31_000));

  const [ingest, open, closed, hour] = ["ingest", "open", "closed", "hour"].map((name) => meter.mean(name));
  if (ingest === undefined || open === undefined || closed === undefined || hour === undefined) return;
  const line = (name: string, { node, postgres }: Cpu, wall?: number) =>
    process.stdout.write(
      `${name.padEnd(58)} node ${node.toFixed(1).padStart(8)} ms  postgres ${postgres.toFixed(1).padStart(8)} ms${wall === undefined ? "" : `  wall ${wall.toFixed(1).padStart(8)} ms`}\n`,
    );
  line("store the snapshots of a tick (51)", ingest, ingest.wall);
  line("tick of an open minute (51 of 256 hosts new)", open, open.wall);
  line("close a minute (256 hosts x 6 snapshots x 150 counters)", closed, closed.wall);
  line("sum up an hour", hour, hour.wall);
  const ticks = 60_000 / TICK_MS - 1;
  const minute = {
    node: closed.node + ticks * open.node,
    postgres: closed.postgres + ticks * open.postgres,
  };
  line("a minute of a shard, all its ticks", minute);
  line(`a second of ${SHARDS} shards`, {
    node: (minute.node * SHARDS) / 60,
    postgres: (minute.postgres * SHARDS) / 60,
  });
  line(
    `all ${SHARDS} shards close their minute, one after another`,
    { node: closed.node * SHARDS, postgres: closed.postgres * SHARDS },
    closed.wall * SHARDS,
  );
}

const folder = await mkdtemp(join(tmpdir(), "spillway-bench-"));
// Started by root, Postgres runs as another user.
await chmod(folder, 0o711);
const log = { info: () => undefined, warn: () => undefined };
const server = await startEmbeddedPostgres({ dataDir: join(folder, "postgres"), log });
try {
  await migrate({ url: server.url, log });
  const store = openStore({
    url: server.url,
    poolSize: 2,
    statementTimeoutMs: 60_000,
    applicationName: "bench",
    onError: () => undefined,
  });
  try {
    await run(store, server.pid);
  } finally {
    await store.close();
  }
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
