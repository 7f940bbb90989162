/** What is asked of one host over a long time, answered from rollups: the same as from its snapshots. */
import fc from "fast-check";
import { expect } from "vitest";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import {
  readLongIncrease,
  readRolledUpSeries,
  SNAPSHOTS_MAX,
  type SnapshotBudget,
} from "../../src/store/queries/host-rollups.ts";
import { readHostIncrease } from "../../src/store/queries/host-series.ts";
import { gridOf } from "../../src/store/queries/range.ts";
import { plainTrend } from "../support/plain-queries.ts";
import { closeTo, counterOf, HOUR, LATER, MINUTE, NAMES, T0, test } from "../support/query-world.ts";
import { storeSnapshots } from "../support/stored-fleet.ts";

const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 40);

test("a host's rates from minutes and hours are those of its snapshots", async ({ world }) => {
  const { store, fleet, hosts, snapshots } = world;
  const range = { from: T0 + 10 * MINUTE, to: T0 + 200 * MINUTE };
  const host = hosts[2];
  if (host === undefined) throw new Error("no host");
  const query = { namespaceIds: host.namespaceIds, range, fleet, now: LATER };
  const grid = gridOf(range, HOUR);
  const counters = [
    counterOf(world, "TcpPassiveOpens"),
    { counterId: null, reporters: { layoutIds: [], event: false } },
  ];
  const plain = plainTrend(snapshots, {
    counter: "TcpPassiveOpens",
    measure: "RATE",
    ...range,
    ...grid,
    groupOf: (id) => (host.namespaceIds.includes(id) ? "host" : null),
  }).get("host");
  const [rates, unknown] = await readRolledUpSeries(store.db, query, grid, counters);
  expect(rates?.values).toEqual(plain?.values.map((value) => (value === null ? null : closeTo(value))));
  expect(BigInt(rates?.total ?? -1)).toBe(plain?.total);
  expect(unknown).toMatchObject({ values: grid.length === 4 ? [null, null, null, null] : [], total: null });
});

test("a host's long increase is that of its snapshots, at any moment of the rollups and cut anywhere", async ({
  world,
}) => {
  const { store, fleet, hosts, snapshots } = world;
  const host = hosts[2];
  if (host === undefined) throw new Error("no host");
  const reader = new SnapshotReader(new LayoutCache());
  const passive = counterOf(world, "TcpPassiveOpens");
  const increaseOf = (from: number, to: number) => {
    const query = { namespaceIds: host.namespaceIds, range: { from, to }, fleet, now: LATER };
    return readLongIncrease(reader, store.db, query, { from, to }, passive, budgetOf());
  };
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: -30 * MINUTE, max: 240 * MINUTE }),
      fc.integer({ min: 1, max: 240 * MINUTE }),
      fc.integer({ min: 0, max: 300 }),
      async (offset, length, settledMinutes) => {
        const settled = new Date(T0 + settledMinutes * MINUTE).toISOString();
        await store.db.$executeRaw`UPDATE ts.shard SET settled = ${settled}::text::timestamptz`;
        const range = { from: T0 + offset, to: T0 + offset + length };
        const raw = await readHostIncrease(
          reader,
          store.db,
          host.namespaceIds,
          range,
          passive.counterId ?? -1,
        );
        const long = await increaseOf(range.from, range.to);
        expect(BigInt(long ?? 0)).toBe(BigInt(raw ?? 0));
      },
    ),
    { numRuns: RUNS },
  );
  expect(snapshots.length).toBeGreaterThan(0);
  expect(await increaseOf(T0 - 2 * HOUR, T0 - HOUR)).toBeNull();
});

test("a long increase is told from minutes where a shard was never rolled up, or a neighbour's snapshots come late", async ({
  world,
}) => {
  const { store, fleet, hosts } = world;
  const [neighbour, , host] = hosts;
  if (host === undefined || neighbour === undefined) throw new Error("no host");
  const reader = new SnapshotReader(new LayoutCache());
  const { namespaceIds } = host;
  const passive = counterOf(world, "TcpPassiveOpens");
  const range = { from: T0 - MINUTE, to: T0 + 4 * HOUR };
  const raw = await readHostIncrease(reader, store.db, namespaceIds, range, passive.counterId ?? -1);
  const increaseOf = (ids: readonly number[]) => {
    const query = { namespaceIds: ids, range, fleet, now: LATER };
    return readLongIncrease(reader, store.db, query, range, passive, budgetOf());
  };
  const old = new Date(T0 + 2 * HOUR).toISOString();
  await store.db.$executeRaw`DELETE FROM ts.snapshot WHERE at < ${old}::text::timestamptz`;
  // The first container of another block of 256.
  expect(await increaseOf([...namespaceIds, 5 * 256 + 1])).toBe(raw);
  const [late = 0] = neighbour.namespaceIds;
  const start = new Date(T0).toISOString();
  await store.db.$executeRaw`
    INSERT INTO ts.mark (shard, minute, namespaces) VALUES (${late >> 8}::int, ${start}::text::timestamptz, ARRAY[${late}::int])`;
  expect(await increaseOf(namespaceIds)).toBe(raw);
});

test("a long increase whose rollups are far behind is read from no more snapshots than a question may read", async ({
  world,
}) => {
  const { store, fleet, hosts, snapshots } = world;
  const [host] = hosts;
  const reader = new SnapshotReader(new LayoutCache());
  const range = { from: T0, to: T0 + 8 * HOUR };
  const query = { namespaceIds: host?.namespaceIds ?? [], range, fleet, now: LATER };
  const ask = (budget: SnapshotBudget) =>
    readLongIncrease(reader, store.db, query, range, counterOf(world, "TcpPassiveOpens"), budget);
  const told = await ask(budgetOf(0));
  expect(told).not.toBeNull();

  // Half a second apart, and none of them is rolled up.
  const newest = snapshots.findLast(({ namespaceId }) => namespaceId === host?.namespaceIds[0]);
  if (newest === undefined) throw new Error("no snapshot");
  const more = Array.from({ length: 6_000 }, (_, index) => {
    const laterMs = (index + 1) * 500;
    return { ...newest, at: newest.at + laterMs, uptimeMs: newest.uptimeMs + laterMs };
  });
  await storeSnapshots(store, NAMES, more);
  expect(await ask(budgetOf())).not.toBeNull();
  const spent = budgetOf(0);
  await expect(ask(spent)).rejects.toThrow(/rolled up, which they are up to 2026.* over 5000 snapshots/);
  expect(spent.taken).toBeGreaterThan(5_000);
  expect(spent.taken).toBeLessThan(8_000);
});

function budgetOf(snapshotsLeft = SNAPSHOTS_MAX) {
  return {
    snapshotsLeft,
    taken: 0,
    takeSnapshots(count: number) {
      this.taken += count;
    },
  };
}
