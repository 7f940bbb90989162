/** Fleets put straight into the store and rolled up, for tests of what is asked of them. */
import { randomBytes, randomUUID } from "node:crypto";
import { isEventCounter } from "../../src/catalog/catalog.ts";
import { layoutHash } from "../../src/protocol/layout.ts";
import type { Store } from "../../src/store/client.ts";
import { encodeValues } from "../../src/store/codec/values.ts";
import { registerEpoch } from "../../src/store/epochs.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { registerHost } from "../../src/store/hosts.ts";
import { LayoutCache, registerLayout } from "../../src/store/layouts.ts";
import { registerNamespace, registerRoot } from "../../src/store/namespaces.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { shardsWithHours } from "../../src/store/rollup/hour-marks.ts";
import { rollUpHours } from "../../src/store/rollup/roll-up-hours.ts";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";
import { appendSnapshots } from "../../src/store/snapshots.ts";
import type { OracleSnapshot } from "./oracle.ts";

export interface StoredHost {
  readonly hostId: number;
  /** The root, and a container where one was asked for. */
  readonly namespaceIds: readonly number[];
}

export async function storeHost(
  { db }: Store,
  options: {
    readonly name: string;
    readonly labels: Record<string, string>;
    /** Labels of a container; null for none. */
    readonly container: Record<string, string> | null;
  },
): Promise<StoredHost> {
  const facts = { name: options.name, machineId: null, labels: options.labels };
  const { id: hostId } = await registerHost(db, randomUUID(), randomBytes(32), facts);
  const namespaceIds = [await registerRoot(db, hostId)];
  if (options.container !== null) {
    const key = { kind: "CONTAINER", bootId: randomUUID(), inode: "4026532000", birth: 1 } as const;
    const own = { containerId: "c1", name: "c1", labels: options.container };
    namespaceIds.push(await registerNamespace(db, hostId, key, own));
  }
  return { hostId, namespaceIds };
}

/** A snapshot of a namespace of a host. */
export interface FleetSnapshot extends OracleSnapshot {
  readonly namespaceId: number;
  readonly hostId: number;
}

/** Stores snapshots whose values are of these counters. */
export async function storeSnapshots(
  { db }: Store,
  names: readonly string[],
  snapshots: readonly FleetSnapshot[],
): Promise<void> {
  const layout = await registerLayout(db, layoutHash(names), names);
  if (layout === null) throw new Error("no layout");
  const epochs = new Map<string, number>();
  const rows = [];
  for (const one of snapshots) {
    const key = `${one.hostId} ${one.boot} ${one.epoch}`;
    let epochId = epochs.get(key);
    if (epochId === undefined) {
      const facts = {
        bootId: one.boot,
        number: one.epoch,
        kernel: "6.12",
        arch: "x86_64",
        wordSize: one.wordSize,
      };
      epochId = await registerEpoch(db, one.hostId, facts);
      epochs.set(key, epochId);
    }
    rows.push({
      namespaceId: one.namespaceId,
      at: one.at,
      epochId,
      uptimeMs: one.uptimeMs,
      everyMs: one.everyMs,
      flags: 0,
      layoutId: layout.id,
      listeners: null,
      values: encodeValues(
        names.map((name) => {
          const value = one.values[name];
          if (value === undefined) return null;
          return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
        }),
      ),
    });
  }
  await new Partitions().ensure(
    db,
    "snapshot",
    rows.map(({ at }) => at),
  );
  for (let start = 0; start < rows.length; start += 1_000) {
    await appendSnapshots(db, rows.slice(start, start + 1_000));
  }
}

/** Rolls up all that is marked, and the hours that are over. */
export async function rollUpAll({ db }: Store, now: number): Promise<void> {
  const deps = {
    db,
    reader: new SnapshotReader(new LayoutCache()),
    partitions: new Partitions(),
    isEventCounter,
  };
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
}
