/**
 * The store with all counters of a fleet in it: bytes on disk a sample, before and after compaction, and the
 * questions of a dashboard, beside VictoriaMetrics with the same samples.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { COUNTERS } from "../fleet/counters.ts";
import { FLEET_DEFAULTS, type FleetOptions, hasBursts, hostIdentity, SimulatedHost } from "../fleet/fleet.ts";
import { importSeries } from "../peers/import.ts";
import { type Peer, startVictoria } from "../peers/servers.ts";
import type { Figure } from "../support/figure.ts";
import { type Database, startDatabase, startServe } from "../support/spillway.ts";
import type { Workshop } from "../support/workshop.ts";
import { compactAll } from "./compaction.ts";
import { tableBytes } from "./disk.ts";
import { fillSnapshots, registerFleet } from "./fill.ts";
import { ask, fleetQuestions, hostQuestion, type Span } from "./questions.ts";
import { rollUpAll } from "./roll-up-all.ts";

export interface StoreSizes {
  readonly hosts: number;
  readonly hours: number;
  readonly rounds: number;
  readonly peers: boolean;
}

const HOUR_MS = 3_600_000;
/** Samples of a series in one line of an import. */
const LINE_SAMPLES = 3_000;
const TEN = COUNTERS.filter((name) =>
  /^(Tcp(ActiveOpens|PassiveOpens|AttemptFails|EstabResets|InSegs|OutSegs|RetransSegs)|TcpExt(ListenOverflows|ListenDrops|TCPTimeouts))$/.test(
    name,
  ),
);

export async function benchStore(shop: Workshop, sizes: StoreSizes, missing: string[]): Promise<Figure[]> {
  const { hosts, hours } = sizes;
  const steps = Math.round((hours * HOUR_MS) / FLEET_DEFAULTS.everyMs);
  // Whole hours where there are any: only those are compacted.
  const toMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const span: Span = { fromMs: toMs - steps * FLEET_DEFAULTS.everyMs, toMs };
  const fleet: FleetOptions = { ...FLEET_DEFAULTS, hosts, startMs: span.fromMs };
  const samples = hosts * steps * COUNTERS.length;

  const database = await startDatabase(shop);
  const { db } = database.store;
  const stored = await registerFleet(db, fleet, COUNTERS);
  await fillSnapshots(db, fleet, stored, steps);
  await rollUpAll(db, Date.now());
  const victoria = sizes.peers ? await startVictoria(shop) : null;
  if (victoria === null) missing.push("VictoriaMetrics: not installed, or --no-peers");
  else await fillVictoria(victoria, fleet, steps);

  const figures = await disk(database, victoria, samples, `${hosts} hosts, ${hours} h`);
  const spillway = await startServe(shop, database);
  const bursting =
    Array.from({ length: hosts }, (_, index) => index).find((index) => hasBursts(fleet, index)) ?? 0;
  const questions = [
    ...fleetQuestions("TcpExtListenOverflows", span),
    hostQuestion(hostIdentity(fleet, bursting), TEN, span, FLEET_DEFAULTS.everyMs),
  ];
  figures.push(...(await ask("queries", questions, { spillway, database, victoria }, span, sizes.rounds)));
  await Promise.all([spillway.serve.stop(), victoria?.stop()]);
  await database.stop();
  return figures.map((figure) =>
    figure.part === "queries" ? { ...figure, name: `${hosts} hosts, ${hours} h: ${figure.name}` } : figure,
  );
}

async function disk(
  database: Database,
  victoria: Peer | null,
  samples: number,
  size: string,
): Promise<Figure[]> {
  const { db } = database.store;
  const peer =
    victoria === null ? null : { name: victoria.name, value: (await settledBytes(victoria)) / samples };
  const figure = (
    name: string,
    tables: Readonly<Record<string, number>>,
    details: Figure["details"] = {},
  ): Figure => {
    const { snapshot = 0, snapshot_hour: compacted = 0, snapshot_late: late = 0, ...rest } = tables;
    const bytesOf = (wanted: (table: string) => boolean) =>
      Object.entries(rest).reduce((sum, [table, bytes]) => (wanted(table) ? sum + bytes : sum), 0);
    const isHour = (table: string) => table.endsWith("_hour");
    return {
      part: "disk",
      name: `${size}, ${name}`,
      unit: "bytes a sample",
      ours: (snapshot + compacted + late) / samples,
      peer,
      better: "lower",
      details: {
        "rollups of minutes besides": bytesOf((table) => !isHour(table)) / samples,
        "of hours": bytesOf(isHour) / samples,
        ...details,
      },
    };
  };
  const raw = figure("raw snapshots", await tableBytes(db));
  const before = { postgres: database.cpuMs(), node: process.cpuUsage() };
  const { snapshots } = await compactAll(db, Date.now());
  const node = process.cpuUsage(before.node);
  const each = (ms: number) => (ms * 1_000) / snapshots;
  return [
    raw,
    figure("after compaction", await tableBytes(db), {
      "us of Node a snapshot": each((node.user + node.system) / 1_000),
      "us of Postgres": each(database.cpuMs() - before.postgres),
    }),
  ];
}

/** Bytes when all is written out and merged: at its best. */
async function settledBytes(victoria: Peer): Promise<number> {
  await victoria.flush();
  await fetch(`http://127.0.0.1:${victoria.port}/internal/force_merge`);
  let bytes = victoria.diskBytes();
  for (let look = 0; look < 30; look++) {
    await sleep(2_000);
    const now = victoria.diskBytes();
    if (now === bytes && look > 1) break;
    bytes = now;
  }
  return bytes;
}

/** The same samples as `fillSnapshots` appends. */
async function fillVictoria(victoria: Peer, fleet: FleetOptions, steps: number): Promise<void> {
  for (let index = 0; index < fleet.hosts; index++) {
    const host = new SimulatedHost(fleet, index);
    const { name, region, role } = host.identity;
    for (let done = 0; done < steps; ) {
      const timestamps: number[] = [];
      const values: number[][] = COUNTERS.map(() => []);
      for (; done < steps && timestamps.length < LINE_SAMPLES; done++) {
        timestamps.push(host.at);
        for (let place = 0; place < COUNTERS.length; place++) values[place]?.push(host.values[place] ?? 0);
        host.advance();
      }
      await importSeries(
        victoria,
        COUNTERS.map((counter, place) => ({
          counter,
          labels: { instance: name, region, role },
          values: values[place] ?? [],
          timestamps,
        })),
      );
    }
  }
}
