/** A fleet in the store, without the way through HTTP: hosts as ingest registers them, rows as it appends them. */
import { createHash } from "node:crypto";
import { layoutHash } from "../../src/protocol/layout.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { encodeValues } from "../../src/store/codec/values.ts";
import { registerLayout } from "../../src/store/layouts.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { appendSnapshots, type SnapshotRow } from "../../src/store/snapshots.ts";
import { type FleetOptions, hostIdentity, SimulatedHost } from "../fleet/fleet.ts";

const HOSTS_PER_INSERT = 1_000;
const ROWS_PER_COMMIT = 2_000;

/** Ids of a host of the fleet, by its index. */
export interface StoredHost {
  readonly namespaceId: number;
  readonly epochId: number;
}

export interface StoredFleet {
  readonly hosts: readonly StoredHost[];
  readonly layoutId: number;
}

/** Registers all hosts with their root namespaces, in the order of their index. */
export async function registerFleet(
  db: PrismaClient,
  fleet: FleetOptions,
  counters: readonly string[],
): Promise<StoredFleet> {
  const identities = Array.from({ length: fleet.hosts }, (_, index) => hostIdentity(fleet, index));
  for (let first = 0; first < identities.length; first += HOSTS_PER_INSERT) {
    await db.host.createMany({
      data: identities.slice(first, first + HOSTS_PER_INSERT).map((one) => ({
        agentId: one.id,
        keyHash: createHash("sha256").update(one.key).digest(),
        name: one.name,
        machineId: one.machineId,
        labels: { region: one.region, role: one.role },
      })),
    });
  }
  const rows = await db.host.findMany({ select: { id: true, agentId: true }, orderBy: { id: "asc" } });
  await db.$executeRaw`
    INSERT INTO namespace (id, host_id, kind)
    SELECT nextval('namespace_root_id'), id, 'ROOT' FROM (SELECT id FROM host ORDER BY id) h`;
  const byAgent = new Map(rows.map(({ id, agentId }) => [agentId, id]));
  const hostId = (index: number) => byAgent.get(identities[index]?.id ?? "") ?? -1;
  await db.epoch.createMany({
    data: identities.map(({ boot }, index) => ({
      hostId: hostId(index),
      bootId: boot,
      number: 0,
      kernel: "6.12.48",
      arch: "x86_64",
      wordSize: 64,
    })),
  });
  const roots = new Map(
    (await db.namespace.findMany({ select: { id: true, hostId: true } })).map((one) => [one.hostId, one.id]),
  );
  const epochs = new Map(
    (await db.epoch.findMany({ select: { id: true, hostId: true } })).map((one) => [one.hostId, one.id]),
  );
  const layout = await registerLayout(db, layoutHash(counters), counters);
  if (layout === null) throw new Error("the service keeps no more counters");
  return {
    layoutId: layout.id,
    hosts: identities.map((_, index) => ({
      namespaceId: roots.get(hostId(index)) ?? -1,
      epochId: epochs.get(hostId(index)) ?? -1,
    })),
  };
}

/** Appends so many intervals of all hosts, in the order of time. @returns snapshots */
export async function fillSnapshots(
  db: PrismaClient,
  fleet: FleetOptions,
  stored: StoredFleet,
  steps: number,
): Promise<number> {
  const partitions = new Partitions();
  const hosts = stored.hosts.map((ids, index) => ({ ...ids, host: new SimulatedHost(fleet, index) }));
  let rows: SnapshotRow[] = [];
  const append = async () => {
    await partitions.ensure(
      db,
      "snapshot",
      rows.map((row) => row.at),
    );
    await appendSnapshots(db, rows);
    rows = [];
  };
  for (let step = 0; step < steps; step++) {
    for (const { host, namespaceId, epochId } of hosts) {
      rows.push({
        namespaceId,
        at: host.at,
        epochId,
        uptimeMs: host.at - host.identity.bootedMs,
        everyMs: host.everyMs,
        flags: 0,
        layoutId: stored.layoutId,
        values: encodeValues(Array.from(host.values, (value) => (value < 0 ? null : value))),
        listeners: null,
      });
      host.advance();
      if (rows.length >= ROWS_PER_COMMIT) await append();
    }
  }
  if (rows.length > 0) await append();
  return steps * hosts.length;
}
