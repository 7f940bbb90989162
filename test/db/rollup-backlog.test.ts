/** What a shard that has much to catch up with does first, and how much of it at once. */
import { expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { readSettled } from "../../src/store/rollup/shards.ts";
import { type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { expectedCounters, expectedCoverage } from "../support/fleet-oracle.ts";
import { at, fleetOf, overflows, T0 } from "../support/one-host.ts";
import type { OracleSnapshot } from "../support/oracle.ts";
import { append, newHost, rowOf, type TestNamespace, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";
import { storedCounters, storedCoverage } from "../support/stored-rollups.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A snapshot each minute from T0 on, each of which overflows more than the one before. */
function minutely(length: number): OracleSnapshot[] {
  return Array.from({ length }, (_, index) => at(index * 60, overflows(index * index), { everyMs: 60_000 }));
}

async function rowsOf(store: Store, host: TestNamespace, history: readonly OracleSnapshot[]) {
  const rows: SnapshotRow[] = [];
  for (const one of history) rows.push(await rowOf(store, host, one));
  return rows;
}

/** The minutes that are rolled up whole, counted from T0. */
async function closedMinutes({ db }: Store): Promise<number[]> {
  const rows = await db.$queryRaw<{ bucket: number }[]>`
    SELECT DISTINCT date_part('epoch', bucket) * 1000 AS bucket FROM ts.coverage WHERE NOT open ORDER BY 1`;
  return rows.map(({ bucket }) => (Math.round(bucket) - T0) / MINUTE);
}

test("the newest minutes wait for no older ones, however many marks those have", async ({ store }) => {
  const host = await newHost(store);
  const shard = shardOf(host.namespaceId);
  const history = minutely(50);
  const rows = await rowsOf(store, host, history);
  await append(store, rows.slice(0, -2));
  // More than one run reads.
  await store.db.$executeRaw`
    INSERT INTO ts.mark (shard, minute) SELECT ${shard}, to_timestamp(${T0 / 1000}::float8) FROM generate_series(1, 20000)`;
  await append(store, rows.slice(-2));

  const { deps, rollUp } = worker(store);
  const now = T0 + 50 * MINUTE;
  expect(await rollUpShard(deps, shard, now)).toMatchObject({ kind: "done", more: true });
  expect(await closedMinutes(store)).toEqual(expect.arrayContaining([0, 48, 49]));
  expect(await closedMinutes(store)).not.toContain(40);
  // What is told to be settled has nothing behind it that waits.
  const [oldest] = await store.db.$queryRaw<{ at: number }[]>`
    SELECT date_part('epoch', min(minute)) * 1000 AS at FROM ts.mark`;
  expect((await readSettled(store.db, [shard])).get(shard)).toBe(oldest?.at);

  await rollUp(now + 2 * HOUR);
  const fleet = fleetOf(host, history);
  expect(await storedCounters(store, "minute")).toEqual(expectedCounters(fleet, MINUTE));
  expect(await storedCoverage(store, "minute")).toEqual(expectedCoverage(fleet, MINUTE));
  expect(await storedCounters(store, "hour")).toEqual(expectedCounters(fleet, HOUR));
});
