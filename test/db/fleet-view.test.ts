import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { PrismaClient } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { touchHosts } from "../../src/store/host-status.ts";
import { registerHost, updateHostFacts } from "../../src/store/hosts.ts";
import { registerNamespace, registerRoot } from "../../src/store/namespaces.ts";
import { openTestStore, test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 22, 12);

function addHost(db: PrismaClient, name: string) {
  return registerHost(db, randomUUID(), randomBytes(32), { name, machineId: null, labels: {} });
}

function addContainer(db: PrismaClient, hostId: number, birth: number) {
  const key = { kind: "CONTAINER", bootId: randomUUID(), inode: "1", birth } as const;
  return registerNamespace(db, hostId, key, { containerId: null, name: null, labels: {} });
}

/** A view, with a clock of its own and how many rows each look has read of namespaces and of hosts. */
function watched(db: PrismaClient) {
  let now = T0;
  const read = { namespaces: 0, hosts: 0 };
  const counting = db.$extends({
    query: {
      async $queryRaw({ args, query }) {
        const rows = (await query(args)) as unknown[];
        if (/FROM namespace/.test(args.sql)) read.namespaces += rows.length;
        if (/set_labels/.test(args.sql)) read.hosts += rows.length;
        return rows;
      },
    },
  });
  const view = new FleetView(counting as unknown as PrismaClient, () => now);
  return {
    view,
    /** The fleet after so many ms, and what was read for it. */
    after: async (ms: number) => {
      now += ms;
      read.namespaces = 0;
      read.hosts = 0;
      return { fleet: await view.read(), read: { ...read } };
    },
  };
}

test("a look reads what is new or changed, and nothing twice", async ({ store: { db } }) => {
  const a = await addHost(db, "b-host");
  const b = await addHost(db, "a-host");
  const roots = [await registerRoot(db, a.id), await registerRoot(db, b.id)];
  const first = await addContainer(db, a.id, 1);
  const { after } = watched(db);

  const start = await after(0);
  expect(start.fleet.hosts.map(({ name }) => name)).toEqual(["a-host", "b-host"]);
  expect(start.fleet.ownerOf).toEqual(
    new Map([
      [roots[0], a.id],
      [roots[1], b.id],
      [first, a.id],
    ]),
  );
  expect(start.fleet.namespacesOf.get(a.id)?.map(({ id }) => id)).toEqual([roots[0], first]);
  expect(start.fleet.shards).toEqual([1, 4_194_304]);
  expect(start.read).toEqual({ namespaces: 3, hosts: 2 });
  // Ids may appear out of order for a while; after that what is known is not asked for again.
  expect((await after(1_000)).read).toEqual({ namespaces: 3, hosts: 0 });
  expect((await after(130_000)).read).toEqual({ namespaces: 0, hosts: 0 });

  const second = await addContainer(db, b.id, 2);
  const grown = await after(1_000);
  expect(grown.fleet.ownerOf.get(second)).toBe(b.id);
  expect(grown.read).toEqual({ namespaces: 1, hosts: 0 });

  await updateHostFacts(db, b.id, { name: "c-host", machineId: null, labels: { role: "web" } }, T0);
  const renamed = await after(1_000);
  expect(renamed.fleet.hosts.map(({ name, labels }) => [name, labels])).toEqual([
    ["b-host", {}],
    ["c-host", { role: "web" }],
  ]);
  expect(renamed.read.hosts).toBe(1);

  await db.host.delete({ where: { id: a.id } });
  const fewer = await after(1_000);
  expect(fewer.fleet.hosts.map(({ name }) => name)).toEqual(["c-host"]);
  expect(fewer.fleet.hostById.has(a.id)).toBe(false);
  // Namespaces that have gone are noticed when all are read again.
  const reloaded = await after(600_000);
  expect([...reloaded.fleet.ownerOf.values()]).toEqual([b.id, b.id]);
});

test("a namespace that is committed after a later one is not missed", async ({
  databaseUrl,
  store: { db },
}) => {
  const host = await addHost(db, "h");
  const other = openTestStore(databaseUrl, 1);
  const { after } = watched(db);
  let slow = 0;
  await other.db.$transaction(async (tx) => {
    const key = { kind: "CONTAINER", bootId: randomUUID(), inode: "1", birth: 1 } as const;
    slow = await registerNamespace(tx, host.id, key, { containerId: null, name: null, labels: {} });
    const quick = await addContainer(db, host.id, 2);
    expect(quick).toBeGreaterThan(slow);
    expect([...(await after(1_000)).fleet.ownerOf.keys()]).toEqual([quick]);
    expect((await after(5_000)).fleet.ownerOf.has(slow)).toBe(false);
  });
  expect((await after(1_000)).fleet.ownerOf.get(slow)).toBe(host.id);
  await other.close();
});

test("a host's namespaces have their labels, and its root comes first, whenever it came", async ({
  store: { db },
}) => {
  const host = await addHost(db, "h");
  const { after } = watched(db);
  const key = { kind: "CONTAINER", bootId: randomUUID(), inode: "1", birth: 1 } as const;
  const labels = { container: "web" };
  const container = await registerNamespace(db, host.id, key, { containerId: "c", name: "web", labels });
  await after(0);
  const root = await registerRoot(db, host.id);
  const { fleet } = await after(1_000);
  expect(fleet.namespacesOf.get(host.id)).toEqual([
    { id: root, hostId: host.id, labels: {} },
    { id: container, hostId: host.id, labels },
  ]);
});

test("a host's state is as of the look", async ({ store: { db } }) => {
  const host = await addHost(db, "h");
  const { after } = watched(db);
  expect((await after(0)).fleet.hosts[0]).toMatchObject({ status: "SILENT", lastSeen: null, health: null });
  const health = { spoolDepth: 3 };
  await touchHosts(db, [
    {
      hostId: host.id,
      lastSeen: T0,
      epochId: 1,
      everyMs: 10_000,
      agentVersion: "1",
      clockSkewMs: 2.5,
      health,
    },
  ]);
  expect((await after(1_000)).fleet.hosts[0]).toMatchObject({
    status: "REPORTING",
    lastSeen: new Date(T0),
    everyMs: 10_000,
    clockSkewMs: 2.5,
    kernel: null,
    health,
  });
  expect((await after(50_000)).fleet.hosts[0]?.status).toBe("STALE");
  expect((await after(50_000)).fleet.hosts[0]?.status).toBe("SILENT");
});

test("the facts of the fleet are the same while no host, label or namespace comes, goes or changes", async ({
  store: { db },
}) => {
  const host = await addHost(db, "a");
  await registerRoot(db, host.id);
  const other = await addHost(db, "b");
  const { after } = watched(db);
  const facts = [(await after(0)).fleet.facts];
  const factsAfter = async (change: () => Promise<unknown>) => {
    await change();
    facts.push((await after(1_500)).fleet.facts);
    return facts.at(-1) === facts.at(-2);
  };
  const seen = {
    hostId: host.id,
    lastSeen: T0,
    epochId: 1,
    everyMs: 10_000,
    agentVersion: "1",
    clockSkewMs: 0,
    health: null,
  };
  expect(await factsAfter(() => touchHosts(db, [seen]))).toBe(true);
  expect(await factsAfter(async () => undefined)).toBe(true);
  expect(await factsAfter(() => addContainer(db, host.id, 1))).toBe(false);
  expect(
    await factsAfter(() => db.host.update({ where: { id: host.id }, data: { revision: { increment: 1 } } })),
  ).toBe(false);
  expect(await factsAfter(() => addHost(db, "c"))).toBe(false);
  expect(await factsAfter(() => db.host.delete({ where: { id: other.id } }))).toBe(false);
  expect(await factsAfter(async () => undefined)).toBe(true);
});
