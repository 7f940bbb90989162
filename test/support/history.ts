/** A small fleet with everything that can befall one, and everything that can be asked about it. */
import { randomBytes, randomUUID } from "node:crypto";
import { layoutHash } from "../../src/protocol/layout.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { encodeListeners } from "../../src/store/codec/listeners.ts";
import { bytesOf, encodeValues } from "../../src/store/codec/values.ts";
import { registerEpoch } from "../../src/store/epochs.ts";
import { readListenerSamples } from "../../src/store/history/listener-samples.ts";
import { readListenerSuccessorMinutes } from "../../src/store/history/listener-successors.ts";
import { lastSnapshotAt } from "../../src/store/history/newest.ts";
import { readPredecessors } from "../../src/store/history/predecessors.ts";
import type { Lookup, SnapshotRecord } from "../../src/store/history/record.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { readListenerSpan, readSpan } from "../../src/store/history/span.ts";
import { readStored } from "../../src/store/history/stored.ts";
import { readSuccessorMinutes } from "../../src/store/history/successors.ts";
import { registerHost } from "../../src/store/hosts.ts";
import { LayoutCache, registerLayout } from "../../src/store/layouts.ts";
import { registerRoot } from "../../src/store/namespaces.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { readHostIncrease, readHostSeries } from "../../src/store/queries/host-series.ts";
import { readLatest } from "../../src/store/queries/latest.ts";
import { readOpenListeners } from "../../src/store/queries/listeners.ts";
import { gridOf } from "../../src/store/queries/range.ts";
import { appendSnapshots, FLAG_FROM_ZERO, type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { randomOf } from "./hours.ts";

const LAYOUTS = [
  ["TcpExtListenOverflows", "TcpExtListenDrops", "TcpActiveOpens", "TcpCurrEstab"],
  ["TcpExtListenOverflows", "TcpActiveOpens", "TcpPassiveOpens"],
];
const HOUR_MS = 3_600_000;

export interface FleetSpan {
  readonly hosts: number;
  readonly start: number;
  readonly end: number;
  readonly everyMs: number;
}

/** The snapshots of a fleet: reboots, new epochs, other layouts, silences, absent and huge values, listeners. */
export async function fleetHistory(db: PrismaClient, span: FleetSpan): Promise<SnapshotRow[]> {
  const layoutIds: number[] = [];
  for (const names of LAYOUTS) {
    const layout = await registerLayout(db, layoutHash(names), names);
    if (layout === null) throw new Error("no layout");
    layoutIds.push(layout.id);
  }
  const rows: SnapshotRow[] = [];
  for (let host = 0; host < span.hosts; host++) {
    const { id } = await registerHost(db, randomUUID(), randomBytes(32), {
      name: `h${host}`,
      machineId: null,
      labels: {},
    });
    const namespaceId = await registerRoot(db, id);
    const random = randomOf(host + 1);
    const epochOf = async (bootId: string, number: number) =>
      registerEpoch(db, id, { bootId, number, kernel: "6.12", arch: "x86_64", wordSize: 64 });
    let boot = randomUUID();
    let number = 0;
    let epochId = await epochOf(boot, number);
    let bootedAt = span.start - 5_000_000;
    let layout = host % 2;
    let values: (number | bigint)[] = [0, 0, 2 ** 53 - 40, 5];
    for (let at = span.start + host * 7; at < span.end; at += span.everyMs) {
      const chance = random();
      if (chance < 0.004) at += Math.floor(random() * 5 * HOUR_MS);
      else if (chance < 0.006) at += Math.floor(random() * 30 * HOUR_MS);
      else if (chance < 0.01) {
        boot = randomUUID();
        number = 0;
        epochId = await epochOf(boot, number);
        bootedAt = at - 1000;
        values = [0, 0, 0, 0];
      } else if (chance < 0.014) epochId = await epochOf(boot, ++number);
      else if (chance < 0.02) layout = 1 - layout;
      if (at >= span.end) break;
      values = values.map((value, position) => grown(value, position === 3 ? 0 : Math.floor(random() * 30)));
      const names = LAYOUTS[layout] ?? [];
      rows.push({
        namespaceId,
        at,
        epochId,
        uptimeMs: Math.max(0, at - bootedAt),
        everyMs: span.everyMs,
        flags: chance > 0.995 ? FLAG_FROM_ZERO : 0,
        layoutId: layoutIds[layout] ?? 0,
        values: encodeValues(
          names.map((_, position) => (chance > 0.9 && position === 1 ? null : (values[position] ?? 0))),
        ),
        listeners: random() < 0.1 ? listenersAt(random) : null,
      });
    }
  }
  return rows;
}

function grown(value: number | bigint, by: number): number | bigint {
  const sum = BigInt(value) + BigInt(by);
  return sum <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sum) : sum;
}

function listenersAt(random: () => number): Buffer {
  const socket = {
    address: "0.0.0.0",
    port: 80,
    inode: "1234",
    queue: 3,
    limit: 128,
    samplesFull: 0,
    drops: 0,
  };
  // Mostly a partial list, and often one in which there is nothing to tell.
  const sockets = random() < 0.5 ? [] : [{ ...socket, peakQueue: Math.floor(random() * 128) }];
  return encodeListeners({ complete: random() < 0.3, samples: 9, sockets } as never);
}

/** Appends rows, a few thousand at once. */
export async function appendAll(db: PrismaClient, rows: readonly SnapshotRow[]): Promise<void> {
  const partitions = new Partitions();
  for (let start = 0; start < rows.length; start += 2_000) {
    const part = rows.slice(start, start + 2_000);
    await partitions.ensure(
      db,
      "snapshot",
      part.map((row) => row.at),
    );
    await appendSnapshots(db, part);
  }
}

/** What every reader of snapshots says, in a form that can be compared. */
export async function everyAnswer(
  db: PrismaClient,
  ids: readonly number[],
  { start, end, everyMs }: FleetSpan,
): Promise<Record<string, unknown>> {
  const reader = new SnapshotReader(new LayoutCache());
  const shards = [...new Set(ids.map(shardOf))];
  const spans = Array.from({ length: Math.ceil((end - start) / (30 * HOUR_MS)) }, (_, part) => ({
    from: start + part * 30 * HOUR_MS,
    to: start + (part + 1) * 30 * HOUR_MS,
  }));
  const records: SnapshotRecord[] = [];
  const listeners: unknown[] = [];
  for (const span of spans) {
    for (const shard of shards) records.push(...(await readSpan(db, { shard }, span)));
    for (const one of await readListenerSpan(db, { namespaceIds: ids }, span)) {
      listeners.push([one.namespace_id, one.at, Buffer.from(one.listeners).toString("hex")]);
    }
  }
  const middle = { from: start + 90 * everyMs + 1, to: start + 100 * everyMs };
  const some = records.filter((_, index) => index % 97 === 0);
  const lookups = some.map((one) => ({ namespaceId: one.namespace_id, at: one.at, epochId: one.epoch_id }));
  const range = { from: start + HOUR_MS, to: Math.min(end, start + 40 * HOUR_MS) };
  const counterId = (await reader.layouts.counterId(db, "TcpActiveOpens")) ?? -1;
  return {
    records: records.map(comparable),
    middle: (await readSpan(db, { namespaceIds: ids }, middle)).map(comparable),
    listeners,
    same: (await readPredecessors(db, lookups, 24 * HOUR_MS, true)).map(comparable).sort(),
    any: (await readPredecessors(db, lookups, 7 * 24 * HOUR_MS, false)).map(comparable).sort(),
    successors: [...(await readSuccessorMinutes(db, lookups, end))]
      .map(([minute, namespaces]) => [minute, ...[...namespaces].sort((a, b) => a - b)])
      .sort(([a = 0], [b = 0]) => a - b),
    samplesBefore: await samplesBefore(db, lookups),
    listsBehind: (await readListenerSuccessorMinutes(db, lookups, 24 * HOUR_MS, end)).sort((a, b) => a - b),
    stored: [...(await readStored(db, lookups))].map(([key, one]) => `${key}: ${comparable(one)}`).sort(),
    last: [...(await lastSnapshotAt(db, ids, end))].sort((a, b) => a[0] - b[0]),
    lastSeenFromLater: [...(await lastSnapshotAt(db, ids, end + 20 * 24 * HOUR_MS))].sort(
      (a, b) => a[0] - b[0],
    ),
    latest: await Promise.all(ids.map((id) => readLatest(reader, db, id, end))),
    series: await readHostSeries(reader, db, ids, {
      range,
      grid: gridOf(range, HOUR_MS),
      counterIds: [counterId],
    }),
    increase: await readHostIncrease(reader, db, ids, range, counterId),
    newestListeners: (await readOpenListeners(db, ids, end)).sort((a, b) => a.namespaceId - b.namespaceId),
  };
}

/** Of each lookup on its own, as what is found of one depends on how far the look for it goes. */
async function samplesBefore(db: PrismaClient, lookups: readonly Lookup[]): Promise<string[]> {
  const found: string[] = [];
  for (const lookup of lookups) {
    for (const one of await readListenerSamples(db, [lookup], 24 * HOUR_MS)) {
      found.push(`${comparable(one)} ${Buffer.from(one.listeners).toString("hex")}`);
    }
  }
  return found;
}

function comparable(one: SnapshotRecord): string {
  const values = Buffer.from(bytesOf(one.values)).toString("hex");
  return `${one.namespace_id} ${Math.round(one.at)} ${one.epoch_id} ${one.uptime_ms} ${one.every_ms} ${one.flags} ${one.layout_id} ${values}`;
}
