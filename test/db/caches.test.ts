/** What is remembered has an end, whatever agents send; what is asked for is there all the same. */
import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { layoutHash } from "../../src/protocol/layout.ts";
import { EpochCache, registerEpoch } from "../../src/store/epochs.ts";
import { LAYOUTS_MAX, LayoutCache, registerLayout } from "../../src/store/layouts.ts";
import { newHost } from "../support/rollups.ts";
import { test } from "../support/store.ts";

test("epochs beyond those that are remembered are read again", async ({ store: { db }, store }) => {
  const { hostId } = await newHost(store);
  const facts = { bootId: randomUUID(), kernel: "6.12", arch: "x86_64", wordSize: 64 } as const;
  const ids: number[] = [];
  for (let number = 0; number < 8; number++) ids.push(await registerEpoch(db, hostId, { ...facts, number }));
  const cache = new EpochCache(3);
  for (const some of [ids, ids.slice(0, 2), ids.slice(4), ids]) {
    const found = await cache.load(db, [...some, 999_999]);
    expect([...found.keys()].sort((a, b) => a - b)).toEqual(some);
    for (const id of some) expect(found.get(id)).toMatchObject({ id, number: ids.indexOf(id) });
    expect(cache.size).toBe(3);
  }
});

test("layouts beyond those that are remembered are read again, and all of them where all are asked for", async ({
  store: { db },
}) => {
  const ids: number[] = [];
  for (let index = 0; index < 8; index++) {
    const names = ["TcpCurrEstab", `TcpExtOf${index}`];
    ids.push((await registerLayout(db, layoutHash(names), names))?.id ?? -1);
  }
  let now = 0;
  const cache = new LayoutCache(() => now, 3);
  for (const some of [ids, ids.slice(0, 2), ids.slice(4)]) {
    const found = await cache.load(db, [...some, 999_999]);
    expect([...found.keys()].sort((a, b) => a - b)).toEqual(some);
    for (const id of some) expect(cache.counterName(found.get(id)?.counterIds[1] ?? -1)).toMatch(/^TcpExtOf/);
    expect(cache.size).toBe(3);
  }
  expect((await cache.loadAll(db)).size).toBe(8);
  now += 2_000;
  expect((await cache.loadAll(db)).size).toBe(8);
  expect(cache.size).toBe(3);
});

test("the service keeps so many layouts and no more, and goes on taking those that it has", async ({
  store: { db },
}) => {
  const names = ["TcpCurrEstab"];
  const first = await registerLayout(db, layoutHash(names), names);
  await db.layout.createMany({
    data: Array.from({ length: LAYOUTS_MAX - 2 }, (_, index) => ({
      hash: `made up ${index}`,
      counterIds: [],
    })),
  });
  const another = (index: number) => [`TcpExtAnother${index}`];
  expect(await registerLayout(db, layoutHash(another(0)), another(0))).not.toBeNull();
  expect(await registerLayout(db, layoutHash(another(1)), another(1))).toBeNull();
  expect(await registerLayout(db, layoutHash(names), names)).toEqual(first);
});
