/** Hosts that are forgotten, come back, or go for good. */
import { randomBytes, randomUUID } from "node:crypto";
import { graphql } from "graphql";
import { describe, expect } from "vitest";
import { schema } from "../../src/graphql/schema.ts";
import { Registry } from "../../src/ingest/registry.ts";
import { SYSTEM_ACTOR } from "../../src/store/audit.ts";
import type { Store } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { forgetHosts, forgetUnheard } from "../../src/store/forget-hosts.ts";
import { sayGoodbye, touchHosts } from "../../src/store/host-status.ts";
import { setHostLabels } from "../../src/store/labels/set.ts";
import { expireHosts } from "../../src/store/retention/expire-hosts.ts";
import type { Scope } from "../../src/store/tokens.ts";
import { contextFor, FORGETTING, sourcesOn } from "../support/graphql-sources.ts";
import type { OracleSnapshot } from "../support/oracle.ts";
import { append, rowOf, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";

const NOW = Date.now();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const RETENTION = { rawMs: 7 * DAY, minuteMs: 30 * DAY, hourMs: 400 * DAY };

/** A host as its agent would make it, heard of so long ago. */
async function newHost(store: Store, name: string, age: number, labels: Record<string, string> = {}) {
  const [agentId, key] = [randomUUID(), randomBytes(32).toString("base64url")];
  const facts = { name, machineId: null, labels };
  const push = (registry: Registry, now: number, withKey = key) =>
    registry.host(agentId, withKey, facts, { now, since: now });
  const registry = new Registry(store.db);
  const known = await push(registry, NOW - age);
  const id = known?.id ?? -1;
  const epoch = { bootId: randomUUID(), number: 0, kernel: "6.12", arch: "x86_64", wordSize: 64 } as const;
  const epochId = known === null ? -1 : await registry.epoch(known, epoch);
  const namespaceId = known === null ? -1 : await registry.root(known);
  const heard = (at: number) =>
    touchHosts(store.db, [
      { hostId: id, lastSeen: at, epochId, everyMs: 10_000, agentVersion: "1", clockSkewMs: 0, health: null },
    ]);
  await heard(NOW - age);
  return { id, agentId, namespaceId, push, heard };
}

async function shown({ db }: Store, now = NOW): Promise<string[]> {
  return (await new FleetView(db, () => now).read()).hosts.map(({ name }) => name);
}

function forget({ db }: Store, hostId: number, seenAt: number): Promise<string[]> {
  return forgetHosts(db, SYSTEM_ACTOR, [{ id: hostId, lastSeen: new Date(seenAt) }], NOW);
}

describe("a host that is forgotten", () => {
  test("is in no view, until it is heard of again", async ({ store }) => {
    const [gone, there] = [await newHost(store, "gone", HOUR), await newHost(store, "there", 0)];
    let now = NOW;
    const view = new FleetView(store.db, () => now);
    const names = async () => (await view.read()).hosts.map(({ name }) => name);
    expect(await names()).toEqual(["gone", "there"]);
    expect(await forget(store, gone.id, NOW - HOUR)).toEqual(["gone"]);
    expect(await forget(store, gone.id, NOW - HOUR)).toEqual([]);
    now += 1_000;
    expect(await names()).toEqual(["there"]);
    await there.heard(now);
    now += 1_000;
    expect(await names()).toEqual(["there"]);
    await gone.heard(now);
    now += 1_000;
    expect(await names()).toEqual(["gone", "there"]);
    expect((await view.read()).hosts[0]).toMatchObject({ id: gone.id, status: "REPORTING" });
  });

  test("is shown again to whom its agent comes first, and to no other key", async ({ store }) => {
    const gone = await newHost(store, "gone", HOUR);
    await forget(store, gone.id, NOW - HOUR);
    expect(await gone.push(new Registry(store.db), NOW, "another key")).toBeNull();
    expect(await shown(store)).toEqual([]);
    expect(await gone.push(new Registry(store.db), NOW)).toMatchObject({ id: gone.id });
    expect(await shown(store)).toEqual(["gone"]);
  });

  test("is left as it is when it was heard of meanwhile", async ({ store }) => {
    const back = await newHost(store, "back", HOUR);
    await back.heard(NOW - 1_000);
    expect(await forget(store, back.id, NOW - HOUR)).toEqual([]);
    expect(await shown(store)).toEqual(["back"]);
    expect(await store.db.auditEntry.count()).toBe(0);
  });
});

test("hosts are forgotten by themselves, those that come and go sooner", async ({ store }) => {
  const ephemeral = { ephemeral: "true" };
  await newHost(store, "heard", 29 * DAY);
  await newHost(store, "unheard", 31 * DAY);
  await newHost(store, "ephemeral, heard", 59 * MINUTE, ephemeral);
  await newHost(store, "ephemeral", 61 * MINUTE, ephemeral);
  await newHost(store, "not ephemeral", 61 * MINUTE, { ephemeral: "false" });
  const left = await newHost(store, "ephemeral, left", 2 * HOUR, ephemeral);
  await sayGoodbye(store.db, left.id, "leaving", NOW - 2 * HOUR);
  const [set, taken] = [
    await newHost(store, "by hand", 2 * HOUR, { ephemeral: "false" }),
    await newHost(store, "not by hand", 2 * HOUR, ephemeral),
  ];
  await setHostLabels(store.db, SYSTEM_ACTOR, set.agentId, ephemeral, NOW);
  await setHostLabels(store.db, SYSTEM_ACTOR, taken.agentId, { ephemeral: "no" }, NOW);
  await store.db.auditEntry.deleteMany();

  expect(await forgetUnheard(store.db, FORGETTING, NOW)).toBe(4);
  expect(await shown(store)).toEqual(["ephemeral, heard", "heard", "not by hand", "not ephemeral"]);
  expect(await store.db.auditEntry.findMany()).toMatchObject([
    {
      action: "host.forget",
      actorKind: "system",
      target: "4 hosts",
      details: { count: 4, names: ["by hand", "ephemeral", "ephemeral, left", "unheard"] },
    },
  ]);
  expect(await forgetUnheard(store.db, FORGETTING, NOW)).toBe(0);
});

describe("a forgotten host goes for good", () => {
  test("when no snapshot of it is left, and would come back as a new one", async ({ store }) => {
    const gone = await newHost(store, "gone", 8 * DAY, { role: "web" });
    const kept = await newHost(store, "kept", 8 * DAY);
    const recent = await newHost(store, "recent", 6 * DAY);
    for (const host of [gone, kept, recent]) await forget(store, host.id, NOW);
    const snapshot: OracleSnapshot = {
      at: NOW - 6 * DAY,
      uptimeMs: 1e6,
      everyMs: 10_000,
      boot: "boot",
      epoch: 0,
      wordSize: 64,
      layout: ["TcpExtListenOverflows"],
      values: { TcpExtListenOverflows: 1n },
    };
    await append(store, [await rowOf(store, { hostId: kept.id, namespaceId: kept.namespaceId }, snapshot)]);
    const stays = new Registry(store.db);
    await gone.push(stays, NOW - 8 * DAY);
    await forget(store, gone.id, NOW);

    // Not at once: a process that has just looked it up may be at work with it.
    expect(await expireHosts(store.db, RETENTION, NOW)).toBe(0);
    expect(await expireHosts(store.db, RETENTION, NOW + 3 * HOUR)).toBe(1);
    expect(await store.db.host.findMany({ select: { name: true }, orderBy: { id: "asc" } })).toEqual([
      { name: "kept" },
      { name: "recent" },
    ]);
    const of = { where: { hostId: gone.id } };
    expect([
      await store.db.namespace.count(of),
      await store.db.epoch.count(of),
      await store.db.hostStatus.count(of),
      await store.db.hostLabelHistory.count(of),
    ]).toEqual([0, 0, 0, 0]);
    // A process that had it looks it up anew.
    const again = await gone.push(stays, NOW + 3 * HOUR);
    expect(again?.id).toBeGreaterThan(recent.id);
    expect(await shown(store)).toEqual(["gone"]);
  });

  test("and not when it is heard of at that moment", async ({ store }) => {
    const host = await newHost(store, "back", 8 * DAY);
    await forget(store, host.id, NOW);
    await host.push(new Registry(store.db), NOW + 3 * HOUR);
    expect(await expireHosts(store.db, RETENTION, NOW + 3 * HOUR)).toBe(0);
    expect(await store.db.host.count()).toBe(1);
  });
});

describe("forgetHosts", () => {
  const asking = ({ db }: Store) => {
    const sources = sourcesOn(db, () => NOW);
    return async (source: string, ...scopes: Scope[]) => {
      const contextValue = contextFor(sources, ...scopes);
      const { data, errors } = await graphql({ schema, source, contextValue });
      return errors === undefined ? data : errors[0]?.originalError;
    };
  };
  const mutation = (args: string) => `mutation { forgetHosts(${args}) { count names dryRun } }`;
  const WEB = '{name: "role", value: "web"}';

  test("says what it would do, and does it when it is told to", async ({ store }) => {
    const first = await newHost(store, "web-1", HOUR, { role: "web" });
    await newHost(store, "web-2", HOUR, { role: "web" });
    await newHost(store, "db-1", HOUR, { role: "db" });
    const snapshots = [0, 30].map((seconds) => ({
      at: Math.floor(NOW / HOUR) * HOUR - HOUR + seconds * 1_000,
      uptimeMs: 1e6 + seconds * 1_000,
      everyMs: 10_000,
      boot: "boot",
      epoch: 0,
      wordSize: 64 as const,
      layout: ["TcpExtListenOverflows"],
      values: { TcpExtListenOverflows: BigInt(seconds) },
    }));
    for (const one of snapshots) {
      await append(store, [await rowOf(store, { hostId: first.id, namespaceId: first.namespaceId }, one)]);
    }
    await worker(store).rollUp(NOW);
    const ask = asking(store);
    const expected = { count: 2, names: ["web-1", "web-2"] };
    const filter = `filter: {labels: [${WEB}], status: [SILENT]}`;
    expect(await ask(mutation(filter), "operate")).toEqual({ forgetHosts: { ...expected, dryRun: true } });
    expect(await shown(store)).toEqual(["db-1", "web-1", "web-2"]);
    expect(await ask(mutation(`${filter}, dryRun: false`), "operate")).toEqual({
      forgetHosts: { ...expected, dryRun: false },
    });
    const trend = (where: string) =>
      `fleet${where} { hostCount trend(counter: "ListenOverflows", range: {last: "3h"}, measure: INCREASE) { total } }`;
    // In no group and no filter; in the whole as before.
    expect(await ask(`{ ${trend("")} host(name: "web-1") { id } }`, "read")).toEqual({
      fleet: { hostCount: 1, trend: [{ total: "30" }] },
      host: null,
    });
    expect(await ask(`{ ${trend(`(filter: {labels: [${WEB}]})`)} }`, "read")).toEqual({
      fleet: { hostCount: 0, trend: [{ total: null }] },
    });
    expect(await store.db.auditEntry.findMany()).toMatchObject([
      { action: "host.forget", actor: "test", target: "2 hosts", details: { names: ["web-1", "web-2"] } },
    ]);
  });

  test("refuses an empty filter, hosts that report, and who may not", async ({ store }) => {
    await newHost(store, "web-1", 0, { role: "web" });
    await newHost(store, "web-2", HOUR, { role: "web" });
    const ask = asking(store);
    for (const dryRun of [true, false]) {
      const args = (filter: string) => mutation(`filter: ${filter}, dryRun: ${dryRun}`);
      for (const empty of ["{}", "{search: null}", '{search: ""}', "{labels: [], names: []}"]) {
        expect(await ask(args(empty), "operate"), empty).toMatchObject({ code: "BAD_REQUEST" });
      }
      expect(await ask(args(`{labels: [${WEB}]}`), "operate")).toMatchObject({
        code: "CONFLICT",
        message: expect.stringContaining("1 of these hosts report (web-1)"),
      });
      expect(await ask(args("{status: [SILENT]}"), "read", "admin")).toMatchObject({ code: "FORBIDDEN" });
    }
    expect(await shown(store)).toEqual(["web-1", "web-2"]);
  });
});
