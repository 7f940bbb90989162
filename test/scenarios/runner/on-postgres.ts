import { createHash, randomBytes, randomUUID } from "node:crypto";
import { isEventCounter } from "../../../src/catalog/catalog.ts";
import { toCount } from "../../../src/protocol/count.ts";
import { layoutHash } from "../../../src/protocol/layout.ts";
import type { PrismaClient } from "../../../src/store/client.ts";
import { encodeValues } from "../../../src/store/codec/values.ts";
import { registerEpoch } from "../../../src/store/epochs.ts";
import { SnapshotReader } from "../../../src/store/history/snapshot-reader.ts";
import { registerHost } from "../../../src/store/hosts.ts";
import { LayoutCache, registerLayout } from "../../../src/store/layouts.ts";
import { registerNamespace, registerRoot } from "../../../src/store/namespaces.ts";
import { Partitions } from "../../../src/store/partitions.ts";
import { readHostIncrease, readHostSeries } from "../../../src/store/queries/host-series.ts";
import { gridOf } from "../../../src/store/queries/range.ts";
import { readTrend } from "../../../src/store/queries/trend.ts";
import { rollUpShard } from "../../../src/store/rollup/roll-up-shard.ts";
import { markedShards } from "../../../src/store/rollup/shards.ts";
import { appendSnapshots, FLAG_FROM_ZERO, type SnapshotRow, shardOf } from "../../../src/store/snapshots.ts";
import type { Range, Subject } from "./check.ts";
import { nameOf, type Sample, type Scenario, type Target } from "./scenario.ts";

const MINUTE_MS = 60_000;
/** The scenario's start, less 1 ms: a snapshot of 1m lies in the first minute, as people count. */
const START = Date.UTC(2026, 10, 22, 12) - 1;
const ROWS_PER_COMMIT = 5;

/**
 * The store: snapshots are appended as they are delivered, those that come together shuffled and each twice,
 * shards are rolled up after each commit with the minutes still open, and again with all of them closed
 * before a question. Increases are asked of the raw snapshots, and of the rollups where the range is of whole
 * minutes; the two must agree.
 */
export function onPostgres(db: PrismaClient, { samples }: Scenario, random: () => number): Subject {
  const reader = new SnapshotReader(new LayoutCache());
  const partitions = new Partitions();
  const deps = { db, reader, partitions, isEventCounter };
  const names = new Names(db);
  let deliveredMs = Number.NEGATIVE_INFINITY;

  const rollUp = async (now: number) => {
    for (const shard of await markedShards(db)) {
      for (;;) {
        const outcome = await rollUpShard(deps, shard, now);
        if (outcome.kind === "busy" || !outcome.more) break;
      }
    }
  };
  const dated = ({ fromMs, toMs }: Range) => ({ from: START + fromMs + 1, to: START + toMs + 1 });
  const counterId = async (counter: string) => (await reader.layouts.counterId(db, counter)) ?? -1;

  const fromRollups = async (target: Target, counter: string, range: Range): Promise<bigint> => {
    const id = await counterId(counter);
    const namespaces = names.of(target);
    const layouts = await reader.layouts.loadAll(db);
    const [trend] = await readTrend(db, {
      counterId: id,
      reporters: {
        layoutIds: [...layouts.values()]
          .filter(({ counterIds }) => counterIds.includes(id))
          .map((one) => one.id),
        event: isEventCounter(counter),
      },
      range: dated(range),
      grid: gridOf(dated(range), 60 * MINUTE_MS),
      measure: "INCREASE",
      groups: { labels: [{}], of: new Map(namespaces.map((namespaceId) => [namespaceId, 0])), changes: [] },
      fleet: {
        ownerOf: new Map(namespaces.map((namespaceId) => [namespaceId, 0])),
        namespacesOf: new Map(),
        shards: [...new Set(namespaces.map(shardOf))],
      },
      now: START + range.toMs + 24 * 60 * MINUTE_MS,
    });
    return BigInt(trend?.total ?? 0);
  };

  return {
    deliver: async (untilMs) => {
      const due = samples.filter((one) => one.deliveredMs > deliveredMs && one.deliveredMs <= untilMs);
      deliveredMs = untilMs;
      for (const [at, together] of groupedByDelivery(due)) {
        const rows: SnapshotRow[] = [];
        for (const sample of together) rows.push(await names.row(sample, START + sample.datedMs));
        const twice = rows.length === 1 ? rows : shuffled([...rows, ...rows], random);
        for (let first = 0; first < twice.length; first += ROWS_PER_COMMIT) {
          const batch = twice.slice(first, first + ROWS_PER_COMMIT);
          await partitions.ensure(
            db,
            "snapshot",
            batch.map((row) => row.at),
          );
          await appendSnapshots(db, batch);
          await rollUp(START + at);
        }
      }
      await rollUp(START + Math.max(untilMs, ...samples.map(({ datedMs }) => datedMs)) + 2 * MINUTE_MS);
    },
    increase: async (target, counter, range) => {
      const id = await counterId(counter);
      const raw = await readHostIncrease(reader, db, names.of(target), dated(range), id);
      const value = raw === null ? null : BigInt(raw);
      if (range.fromMs % MINUTE_MS === 0 && range.toMs % MINUTE_MS === 0) {
        const rolledUp = await fromRollups(target, counter, range);
        if (rolledUp !== (value ?? 0n)) {
          throw new Error(
            `${nameOf(target)}/${counter}: raw snapshots say ${value}, rollups say ${rolledUp}`,
          );
        }
      }
      return value;
    },
    rate: async (target, counter, range) => {
      const span = dated(range);
      const grid = { start: span.from, stepMs: range.toMs - range.fromMs, length: 1 };
      const id = await counterId(counter);
      const [series] = await readHostSeries(reader, db, names.of(target), {
        range: span,
        grid,
        counterIds: [id],
      });
      return series?.values[0] ?? null;
    },
    events: async (target, range) => {
      const span = dated(range);
      const grid = { start: span.from, stepMs: span.to - span.from, length: 1 };
      const [series] = await readHostSeries(reader, db, names.of(target), {
        range: span,
        grid,
        counterIds: [-1],
      });
      const scenarioMs = (at: number) => at - START;
      return {
        resets: (series?.resets ?? []).map(scenarioMs),
        gaps: (series?.gaps ?? []).map(({ from, to }) => ({
          fromMs: scenarioMs(from),
          toMs: scenarioMs(to),
        })),
      };
    },
  };
}

/** Row ids of what a script names. */
class Names {
  readonly #db: PrismaClient;
  readonly #ids = new Map<string, Promise<number>>();
  readonly #namespaces = new Map<string, number[]>();

  constructor(db: PrismaClient) {
    this.#db = db;
  }

  /** The namespaces that have had a name. */
  of(target: Target): readonly number[] {
    return this.#namespaces.get(nameOf(target)) ?? [];
  }

  async row(sample: Sample, at: number): Promise<SnapshotRow> {
    const { host } = sample.target;
    const db = this.#db;
    const hostId = await this.#once(`host ${host}`, async () => {
      const made = await registerHost(db, randomUUID(), randomBytes(32), {
        name: host,
        machineId: null,
        labels: {},
      });
      return made.id;
    });
    const epochId = await this.#once(`epoch ${host} ${sample.boot} ${sample.epoch}`, () =>
      registerEpoch(db, hostId, {
        bootId: uuidOf(sample.boot),
        number: sample.epoch,
        kernel: "6.12",
        arch: "x86_64",
        wordSize: sample.wordSize,
      }),
    );
    const names = [...sample.values.keys()];
    const hash = layoutHash(names);
    const layoutId = await this.#once(`layout ${hash}`, async () => {
      const made = await registerLayout(db, hash, names);
      if (made === null) throw new Error("too many counters");
      return made.id;
    });
    return {
      namespaceId: await this.#namespace(sample, hostId),
      at,
      epochId,
      uptimeMs: sample.uptimeMs,
      everyMs: sample.everyMs,
      flags: sample.bornUptimeMs === null ? 0 : FLAG_FROM_ZERO,
      layoutId,
      listeners: null,
      values: encodeValues(
        [...sample.values.values()].map((value) => (value === null ? null : toCount(value))),
      ),
    };
  }

  #namespace(sample: Sample, hostId: number): Promise<number> {
    const name = nameOf(sample.target);
    return this.#once(`namespace ${name} ${sample.incarnation}`, async () => {
      const id =
        sample.target.namespace === null
          ? await registerRoot(this.#db, hostId)
          : await registerNamespace(
              this.#db,
              hostId,
              {
                kind: "CONTAINER",
                bootId: uuidOf(sample.boot),
                inode: String(4_026_532_000 + sample.incarnation),
                birth: sample.bornUptimeMs ?? 0,
              },
              { containerId: null, name: sample.target.namespace, labels: {} },
            );
      const known = this.#namespaces.get(name);
      if (known === undefined) this.#namespaces.set(name, [id]);
      else known.push(id);
      return id;
    });
  }

  #once(key: string, make: () => Promise<number>): Promise<number> {
    const known = this.#ids.get(key) ?? make();
    this.#ids.set(key, known);
    return known;
  }
}

function groupedByDelivery(samples: readonly Sample[]): [number, Sample[]][] {
  const groups = new Map<number, Sample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.deliveredMs);
    if (group === undefined) groups.set(sample.deliveredMs, [sample]);
    else group.push(sample);
  }
  return [...groups].sort((a, b) => a[0] - b[0]);
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((one) => ({ one, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ one }) => one);
}

/** A boot id by its name in the script. */
function uuidOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}
