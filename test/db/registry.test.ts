import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "vitest";
import { Registry } from "../../src/ingest/registry.ts";
import { openStore, type Store } from "../../src/store/client.ts";
import { test as base } from "../support/postgres.ts";

const test = base.extend<{ store: Store }>({
  store: async ({ databaseUrl }, use) => {
    const store = openStore({
      url: databaseUrl,
      poolSize: 4,
      statementTimeoutMs: 20_000,
      applicationName: "test",
      onError: () => undefined,
    });
    await use(store);
    await store.close();
  },
});

const facts = { name: "web-1", machineId: null, labels: { region: "eu", role: "web" } };

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
  const host = await registry.host(agentId, key, facts);
  const made = await row(store, agentId);
  expect(made).toMatchObject({ name: "web-1", labels: facts.labels });

  // The same in this process and, after a restart, in another; labels in any order.
  expect(await registry.host(agentId, key, facts)).toBe(host);
  const again = { ...facts, labels: { role: "web", region: "eu" } };
  expect((await new Registry(store.db).host(agentId, key, again))?.id).toBe(host?.id);
  expect(await row(store, agentId)).toEqual(made);

  for (const change of [{ name: "web-2" }, { labels: { region: "eu" } }, { labels: { region: "us" } }]) {
    await registry.host(agentId, key, { ...facts, ...change });
    expect(await row(store, agentId)).toMatchObject(change);
  }
});

test("an id is bound to the key that it was first seen with", async ({ store }) => {
  const agentId = randomUUID();
  const [key, other] = [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")];
  const registry = new Registry(store.db);
  expect(await registry.host(agentId, key, facts)).not.toBeNull();
  for (const wrong of [other, "", `${key}x`, key.slice(1)]) {
    expect(await registry.host(agentId, wrong, { ...facts, name: "thief" })).toBeNull();
    expect(await new Registry(store.db).host(agentId, wrong, { ...facts, name: "thief" })).toBeNull();
  }
  expect(await registry.host(agentId, key, facts)).not.toBeNull();
  expect(await row(store, agentId)).toMatchObject({ name: "web-1" });
});
