/** A stored fleet with everything that can befall one in four hours, and what a plain evaluation says of it. */
import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { openStore, type Store } from "../../src/store/client.ts";
import { type Fleet, FleetView } from "../../src/store/fleet-view.ts";
import type { LabelsOverTime } from "../../src/store/queries/groups.ts";
import { test as base } from "./postgres.ts";
import { type FleetSnapshot, rollUpAll, type StoredHost, storeHost, storeSnapshots } from "./stored-fleet.ts";

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const T0 = Date.UTC(2026, 10, 22, 11, 20);
export const LENGTH = 4 * HOUR;
export const LATER = T0 + 24 * HOUR;
export const NAMES = [
  "TcpPassiveOpens",
  "TcpExtListenOverflows",
  "TcpExtTCPReqQFullDrop",
  "TcpExtSyncookiesSent",
  "TcpExtSyncookiesRecv",
  "TcpExtSyncookiesFailed",
  "TcpCurrEstab",
] as const;

export interface World {
  readonly store: Store;
  readonly hosts: readonly StoredHost[];
  readonly fleet: Fleet;
  readonly snapshots: readonly FleetSnapshot[];
  readonly counters: ReadonlyMap<string, { readonly id: number; readonly layoutIds: readonly number[] }>;
}

/** Numbers from 0 to 1, the same for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** A namespace's life: intervals of its own, pauses, restarts, counters that stand still or leap. */
function historyOf(host: StoredHost, namespaceId: number, seed: number): FleetSnapshot[] {
  const next = random(seed);
  const everyMs = [45_000, 60_000, 120_000][Math.floor(next() * 3)] ?? 60_000;
  const snapshots: FleetSnapshot[] = [];
  let [boot, epoch, bootedAt] = [randomUUID() as string, 0, T0 - 10 * HOUR];
  let values = NAMES.map(() => BigInt(Math.floor(next() * 1_000)));
  if (next() < 0.3) values[1] = 2n ** 63n;
  for (
    let at = T0 + Math.floor(next() * everyMs);
    at < T0 + LENGTH;
    at += everyMs + Math.floor(next() * 90)
  ) {
    if (next() < 0.01) at += Math.floor(next() * 40) * MINUTE;
    const event = next();
    if (event < 0.005) {
      [boot, epoch, bootedAt] = [randomUUID(), 0, at - 5_000];
      values = NAMES.map(() => BigInt(Math.floor(next() * 3)));
    } else if (event < 0.01) epoch++;
    const burst = next() < 0.1;
    values = values.map((value, index) => {
      if (index === 6) return BigInt(Math.floor(next() * 50));
      if (index === 0) return value + BigInt(Math.floor(next() * 200));
      return burst ? value + BigInt(Math.floor(next() * (index === 1 ? 3_000 : 30))) : value;
    });
    const named = Object.fromEntries(NAMES.map((name, index) => [name, values[index] ?? 0n]));
    const { hostId } = host;
    snapshots.push({
      hostId,
      namespaceId,
      at,
      uptimeMs: at - bootedAt,
      everyMs,
      boot,
      epoch,
      wordSize: 64,
      values: named,
    });
  }
  return snapshots;
}

export const test = base.extend<{ world: World }>({
  world: async ({ databaseUrl }, use) => {
    const store = openStore({
      url: databaseUrl,
      poolSize: 4,
      statementTimeoutMs: 30_000,
      applicationName: "test",
      onError: () => undefined,
    });
    const hosts: StoredHost[] = [];
    for (let index = 0; index < 7; index++) {
      // In shards of their own, as in a fleet of thousands: what is read of few shards is read otherwise.
      await store.db.$queryRaw`SELECT setval('namespace_root_id', nextval('namespace_root_id') + 256)::text`;
      hosts.push(
        await storeHost(store, {
          name: `h${index}`,
          labels: { region: ["eu", "us", "ap"][index % 3] ?? "", app: "host" },
          container: index % 2 === 0 ? { app: `app${index % 4}`, team: "blue" } : null,
        }),
      );
    }
    const snapshots = hosts.flatMap((host) =>
      host.namespaceIds.flatMap((id, place) => historyOf(host, id, host.hostId * 10 + place + 1)),
    );
    await storeSnapshots(store, NAMES, snapshots);
    await rollUpAll(store, LATER);
    const layouts = await store.db.layout.findMany();
    const rows = await store.db.counter.findMany();
    const counters = new Map(
      rows.map(({ id, name }) => [name, { id, layoutIds: layouts.map((layout) => layout.id) }]),
    );
    const fleet = await new FleetView(store.db, () => LATER).read();
    await use({ store, hosts, fleet, snapshots, counters });
    await store.close();
  },
});

export function counterOf({ counters }: World, name: string) {
  const found = counters.get(name);
  if (found === undefined) throw new Error(`no counter ${name}`);
  return { counterId: found.id, reporters: { layoutIds: found.layoutIds, event: true } };
}

/** The group of a namespace in a minute, found the plain way; as the JSON of its labels. */
export function plainGroup(
  { fleet, hosts }: World,
  by: readonly string[],
  labelsOf: LabelsOverTime,
): (namespaceId: number, minute: number) => string | null {
  return (namespaceId, minute) => {
    const own = hosts.find(({ namespaceIds }) => namespaceIds.includes(namespaceId));
    const host = fleet.hosts.find(({ id }) => id === own?.hostId);
    if (host === undefined) return null;
    const container = fleet.namespacesOf.get(host.id)?.find(({ id }) => id === namespaceId)?.labels ?? {};
    const labels = { ...labelsOf(host).findLast(({ from }) => from <= minute)?.labels, ...container };
    return JSON.stringify(Object.fromEntries(by.map((name) => [name, labels[name] ?? ""])));
  };
}

/** As near as the rounding of floats lets it be. */
export function closeTo(value: number): unknown {
  return value === 0 || Number.isInteger(value) === false
    ? expect.closeTo(value, Math.max(0, 9 - Math.ceil(Math.log10(Math.abs(value) + 1))))
    : value > Number.MAX_SAFE_INTEGER
      ? expect.closeTo(value, -6)
      : value;
}
