/** What a shard that has much to catch up with does first, and how much of it at once. */
import { expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { countSpan } from "../../src/store/history/parts.ts";
import type { Whose } from "../../src/store/history/record.ts";
import { shardsWithHours } from "../../src/store/rollup/hour-marks.ts";
import { rollUpHours } from "../../src/store/rollup/roll-up-hours.ts";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { counterRows } from "../../src/store/rollup/rows.ts";
import { partsOf, type Run } from "../../src/store/rollup/runs.ts";
import { readSettled } from "../../src/store/rollup/shards.ts";
import { sumRun } from "../../src/store/rollup/sum-minute.ts";
import { type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { committer } from "../support/compacted-store.ts";
import { compactAll } from "../support/compaction.ts";
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

test("what is read at once is bounded by the snapshots that there are, and the sums are the same", async ({
  store,
}) => {
  const { db } = store;
  // By how often each is read: one has more than is read at once.
  const rows: SnapshotRow[] = [];
  for (const perMinute of [1, 2, 6, 1, 3]) {
    const host = await newHost(store);
    const history = Array.from({ length: 10 * perMinute }, (_, index) =>
      at((index * 60) / perMinute, overflows(index * index), { everyMs: 60_000 / perMinute }),
    );
    rows.push(...(await rowsOf(store, host, history)));
  }
  const shard = shardOf(rows[0]?.namespaceId ?? 0);
  expect(new Set(rows.map(({ namespaceId }) => shardOf(namespaceId)))).toEqual(new Set([shard]));
  const isLate = (index: number) => index % 7 === 3;
  await append(
    store,
    rows.filter((_, index) => !isLate(index)),
  );
  const run = { from: T0, to: T0 + 10 * MINUTE, compacted: false };
  const sums = async (parts: readonly Whose[], of = run) => {
    const { minutes, last } = await sumRun(worker(store).deps.reader, db, parts, of);
    return {
      last: last.toSorted((a, b) => a.namespaceId - b.namespaceId),
      minutes: minutes.map(({ minute, sum, snapshots }) => ({
        minute,
        snapshots,
        counters: counterRows(minute, sum),
      })),
    };
  };
  const check = async (of: Run, most: number) => {
    const parts = await partsOf(db, shard, of, [], most);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) {
      const held = await countSpan(db, part, of);
      const snapshots = held.reduce((sum, one) => sum + one.snapshots, 0);
      expect(held.length === 1 || snapshots <= most).toBe(true);
    }
    const whole = await sums([{ shard }], of);
    expect(whole.minutes.reduce((sum, one) => sum + one.snapshots, 0)).toBeGreaterThan(100);
    expect(await sums(parts, of)).toEqual(whole);
    expect(await partsOf(db, shard, of, [], rows.length)).toEqual([{ shard, except: [] }]);
  };
  await check(run, 40);
  expect(await partsOf(db, shard, { ...run, to: T0 + MINUTE }, [], 1)).toEqual([{ shard, except: [] }]);
  const left = rows[0]?.namespaceId ?? 0;
  const others = (await partsOf(db, shard, run, [left], 40)).flatMap((part) =>
    "namespaceIds" in part ? part.namespaceIds : [],
  );
  expect(others).toHaveLength(4);
  expect(others).not.toContain(left);

  // A compacted hour is unpacked whole, also for one minute of it.
  await compactAll(db, T0 + HOUR);
  await committer(store).submit(rows.filter((_, index) => isLate(index)));
  await check({ ...run, compacted: true }, 40);
  expect(
    (await partsOf(db, shard, { from: T0, to: T0 + MINUTE, compacted: true }, [], 40)).length,
  ).toBeGreaterThan(1);
});

test("an hour is summed up when all of its minutes are, and two hours later all the same", async ({
  store,
}) => {
  const { db } = store;
  const host = await newHost(store);
  const shard = shardOf(host.namespaceId);
  const history = minutely(60);
  await append(store, await rowsOf(store, host, history));
  const { deps, rollUp } = worker(store);
  // Of the last minute, which is open, the event counters are there.
  await rollUp(T0 + 59.5 * MINUTE);
  expect(await closedMinutes(store)).toHaveLength(59);

  const soon = T0 + HOUR + MINUTE;
  expect(await shardsWithHours(db, soon)).toEqual([]);
  expect(await rollUpHours(deps, shard, soon)).toMatchObject({ kind: "done", hours: 0, more: false });
  expect(await shardsWithHours(db, T0 + 3 * HOUR)).toEqual([shard]);
  await rollUp(soon);
  expect(await storedCounters(store, "hour")).toEqual(expectedCounters(fleetOf(host, history), HOUR));
  expect(await shardsWithHours(db, soon)).toEqual([]);
});
