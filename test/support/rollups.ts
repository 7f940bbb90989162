/** Fleets of random histories in a real store, and the workers that roll them up. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { isEventCounter } from "../../src/catalog/catalog.ts";
import { layoutHash } from "../../src/protocol/layout.ts";
import { inTransaction, type PrismaClient, type Store } from "../../src/store/client.ts";
import { encodeListeners } from "../../src/store/codec/listeners.ts";
import { encodeValues } from "../../src/store/codec/values.ts";
import { registerEpoch } from "../../src/store/epochs.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { registerHost } from "../../src/store/hosts.ts";
import { LayoutCache, registerLayout } from "../../src/store/layouts.ts";
import { registerNamespace, registerRoot } from "../../src/store/namespaces.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { shardsWithHours } from "../../src/store/rollup/hour-marks.ts";
import { SeenMarks } from "../../src/store/rollup/marks.ts";
import { rollUpHours } from "../../src/store/rollup/roll-up-hours.ts";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";
import {
  type AppendOutcome,
  appendSnapshots,
  FLAG_FROM_ZERO,
  type SnapshotRow,
  shardOf,
} from "../../src/store/snapshots.ts";
import { layoutOf, type OracleSnapshot } from "./oracle.ts";
import { count, wireListeners } from "./wire.ts";

/** Everything that rolls up, as a process of its own would have it: nothing cached is shared. */
export function worker({ db }: { readonly db: PrismaClient }) {
  const deps = {
    db,
    reader: new SnapshotReader(new LayoutCache()),
    partitions: new Partitions(),
    seen: new SeenMarks(),
    isEventCounter,
  };
  return {
    deps,
    /** All marked minutes, then all marked hours that are over, as the jobs do. */
    rollUp: async (now: number) => {
      for (const shard of await markedShards(db)) {
        for (;;) {
          const outcome = await rollUpShard(deps, shard, now);
          if (outcome.kind === "busy" || !outcome.more) break;
        }
      }
      for (const shard of await shardsWithHours(db, now)) {
        for (;;) {
          const outcome = await rollUpHours(deps, shard, now);
          if (outcome.kind === "busy" || !outcome.more) break;
        }
      }
    },
  };
}

/** A client whose transactions call `before` with 0, 1, 2 ... ahead of their statements, and wait for it. */
export function watched(db: PrismaClient, before: (statement: number) => Promise<void>): PrismaClient {
  const watchedIn = (tx: object) => {
    let statements = 0;
    return boundProxy(tx, (property, value) => {
      if (property !== "$queryRaw" && property !== "$executeRaw") return value;
      return async (...query: unknown[]) => {
        await before(statements++);
        return value(...query);
      };
    });
  };
  return boundProxy(db, (property, value) => {
    if (property !== "$transaction") return value;
    return (work: (tx: object) => unknown, options: object) =>
      value((tx: object) => work(watchedIn(tx)), options);
  });
}

/** A client whose transactions die before their nth statement, as those of a worker that is killed do. */
export function dying(db: PrismaClient, nth: number): PrismaClient {
  return watched(db, async (statement) => {
    if (statement >= nth) throw new Error("this worker was killed");
  });
}

type Method = (...parameters: unknown[]) => unknown;

function boundProxy<T extends object>(target: T, change: (name: PropertyKey, value: Method) => unknown): T {
  return new Proxy(target, {
    get(own, property) {
      const value: unknown = Reflect.get(own, property);
      return typeof value === "function" ? change(property, value.bind(own) as Method) : value;
    },
  });
}

export interface TestNamespace {
  readonly hostId: number;
  readonly namespaceId: number;
}

export async function newHost({ db }: Store): Promise<TestNamespace> {
  const facts = { name: "h", machineId: null, labels: {} };
  const host = await registerHost(db, randomUUID(), randomBytes(32), facts);
  return { hostId: host.id, namespaceId: await registerRoot(db, host.id) };
}

/** A container of a host; its shard is not the host's. @param birth in ms of uptime */
export async function newContainer({ db }: Store, hostId: number, birth: number): Promise<TestNamespace> {
  const key = { kind: "CONTAINER", bootId: randomUUID(), inode: "4026532000", birth } as const;
  const facts = { containerId: null, name: null, labels: {} };
  return { hostId, namespaceId: await registerNamespace(db, hostId, key, facts) };
}

export async function rowOf(
  { db }: Store,
  { hostId, namespaceId }: TestNamespace,
  one: OracleSnapshot,
): Promise<SnapshotRow> {
  const epochId = await registerEpoch(db, hostId, {
    bootId: uuidOf(`${namespaceId} ${one.boot}`),
    number: one.epoch,
    kernel: "6.12",
    arch: "x86_64",
    wordSize: one.wordSize,
  });
  const names = layoutOf(one).split(",");
  const layout = await registerLayout(db, layoutHash(names), names);
  const listeners = wireListeners(one);
  return {
    namespaceId,
    at: one.at,
    epochId,
    uptimeMs: one.uptimeMs,
    everyMs: one.everyMs,
    flags: one.bornUptimeMs === undefined ? 0 : FLAG_FROM_ZERO,
    layoutId: layout?.id ?? -1,
    listeners: listeners === null ? null : encodeListeners(listeners),
    values: encodeValues(names.map((name) => count(one.values[name]))),
  };
}

function uuidOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * Stores rows as ingest does, in one commit, with the namespaces that it touches in its marks.
 *
 * @param named false for marks that do not say whom they touch
 */
export async function append(
  { db }: Store,
  rows: readonly SnapshotRow[],
  named = true,
): Promise<AppendOutcome[]> {
  const times = rows.map((row) => row.at);
  await new Partitions().ensure(db, "snapshot", times);
  return inTransaction(db, async (tx) => {
    const outcomes = await appendSnapshots(tx, rows);
    const touched = new Map<string, Set<number>>();
    for (const { namespaceId, at } of rows) {
      const key = `${shardOf(namespaceId)} ${Math.floor(at / 60_000) * 60}`;
      touched.set(key, (touched.get(key) ?? new Set()).add(namespaceId));
    }
    for (const [key, ids] of touched) {
      const [shard, minute] = key.split(" ").map(Number);
      await tx.$executeRaw`
        UPDATE ts.mark SET namespaces = CASE WHEN ${named}::boolean THEN ${[...ids]}::int[] END
        WHERE shard = ${shard}::int AND minute = to_timestamp(${minute}::float8)
          AND xmin = pg_current_xact_id()::xid`;
    }
    return outcomes;
  });
}

/** Empties the time series, not the registry. */
export async function forgetSeries({ db }: Store): Promise<void> {
  await db.$executeRaw`
    TRUNCATE ts.snapshot, ts.mark, ts.rollup_minute, ts.coverage, ts.gauge_minute, ts.listener_minute,
             ts.hour_mark, ts.rollup_hour, ts.coverage_hour, ts.gauge_hour, ts.shard, ts.snapshot_hour,
             ts.snapshot_late, ts.compaction, ts.compacted_hour, ts.set_aside, listener`;
}
