import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "vitest";
import { Registry } from "../../src/ingest/registry.ts";
import type { Store } from "../../src/store/client.ts";
import { test } from "../support/store.ts";

const facts = { name: "web-1", machineId: null, labels: { region: "eu", role: "web" } };

const SAID = { now: Date.UTC(2026, 10, 26), since: Date.UTC(2026, 10, 26) };

/** The row, with the transaction that wrote it last. */
async function row({ db }: Store, agentId: string) {
  const [found] = await db.$queryRaw<{ xmin: string; name: string; labels: object }[]>`
    SELECT xmin::text, name, labels FROM host WHERE agent_id = ${agentId}::uuid`;
  return found;
}

test("a host is written when it is new or says something else, and else only looked up", async ({
  store,
}) => {
  const [agentId, key] = [randomUUID(), randomBytes(32).toString("base64url")];
  const registry = new Registry(store.db);
  const host = await registry.host(agentId, key, facts, SAID);
  const made = await row(store, agentId);
  expect(made).toMatchObject({ name: "web-1", labels: facts.labels });

  // The same in this process and, after a restart, in another; labels in any order.
  expect(await registry.host(agentId, key, facts, SAID)).toBe(host);
  const again = { ...facts, labels: { role: "web", region: "eu" } };
  expect((await new Registry(store.db).host(agentId, key, again, SAID))?.id).toBe(host?.id);
  expect(await row(store, agentId)).toEqual(made);

  for (const change of [{ name: "web-2" }, { labels: { region: "eu" } }, { labels: { region: "us" } }]) {
    await registry.host(agentId, key, { ...facts, ...change }, SAID);
    expect(await row(store, agentId)).toMatchObject(change);
  }
});

test("an id is bound to the key that it was first seen with", async ({ store }) => {
  const agentId = randomUUID();
  const [key, other] = [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")];
  const registry = new Registry(store.db);
  expect(await registry.host(agentId, key, facts, SAID)).not.toBeNull();
  for (const wrong of [other, "", `${key}x`, key.slice(1)]) {
    expect(await registry.host(agentId, wrong, { ...facts, name: "thief" }, SAID)).toBeNull();
    expect(await new Registry(store.db).host(agentId, wrong, { ...facts, name: "thief" }, SAID)).toBeNull();
  }
  expect(await registry.host(agentId, key, facts, SAID)).not.toBeNull();
  expect(await row(store, agentId)).toMatchObject({ name: "web-1" });
});

test("namespaces are made once, whoever names them, together and in any order", async ({ store }) => {
  const boot = randomUUID();
  const entry = (index: number) => ({
    key: {
      kind: "CONTAINER" as const,
      bootId: boot,
      inode: String(4_026_532_000 + (index % 7)),
      birth: index,
    },
    facts: {
      containerId: index % 2 === 0 ? null : `c${index}`,
      name: index % 3 === 0 ? null : `shop "${index}"`,
      labels: { place: String(index) },
    },
  });
  const entries = Array.from({ length: 40 }, (_, index) => entry(index));
  const key = randomBytes(32).toString("base64url");
  const agentId = randomUUID();
  const registries = Array.from({ length: 4 }, () => new Registry(store.db));
  const lists = [entries, [...entries].reverse(), entries.slice(10, 30), [...entries, ...entries]];
  const answers = await Promise.all(
    registries.map(async (registry, index) => {
      const host = await registry.host(agentId, key, facts, SAID);
      if (host === null) throw new Error("the key is its own");
      return registry.namespaces(host, lists[index] ?? []);
    }),
  );
  const ids = answers[0] ?? [];
  expect(new Set(ids).size).toBe(40);
  expect(answers).toEqual([ids, [...ids].reverse(), ids.slice(10, 30), [...ids, ...ids]]);

  const rows = await store.db.namespace.findMany({ where: { id: { in: ids } } });
  for (const [index, { key, facts }] of entries.entries()) {
    const found = rows.find(({ id }) => id === ids[index]);
    expect(found).toMatchObject({ ...key, birth: BigInt(key.birth), ...facts });
  }
});

test("a host that has had more namespaces than are remembered is still told their ids", async ({ store }) => {
  const registry = new Registry(store.db);
  const host = await registry.host(randomUUID(), randomBytes(32).toString("base64url"), facts, SAID);
  if (host === null) throw new Error("the key is its own");
  const boot = randomUUID();
  const entry = (birth: number) => ({
    key: { kind: "OTHER" as const, bootId: boot, inode: "1", birth },
    facts: { containerId: null, name: null, labels: {} },
  });
  const root = await registry.root(host);
  const first = await registry.namespaces(host, [entry(0), entry(1)]);
  for (let start = 2; start < 6_000; start += 1_000) {
    const list = Array.from({ length: 1_000 }, (_, index) => entry(start + index));
    // One that has been there all along is asked for with each.
    const ids = await registry.namespaces(host, [entry(0), ...list]);
    expect(ids[0]).toBe(first[0]);
    expect(new Set(ids).size).toBe(1_001);
  }
  expect(host.ids.size).toBeLessThanOrEqual(4_000);
  expect(await registry.namespaces(host, [entry(1), entry(0)])).toEqual([...first].reverse());
  expect(await registry.root(host)).toBe(root);
});
