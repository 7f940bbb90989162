import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { encodeValues } from "../../src/store/codec/values.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { shardsWithHours } from "../../src/store/rollup/hour-marks.ts";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";
import { appendSnapshots, type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { expectedCounters, expectedCoverage, expectedGauges } from "../support/fleet-oracle.ts";
import { at, fleetOf, overflows, T0 } from "../support/one-host.ts";
import { append, newContainer, newHost, rowOf, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";
import { storedCounters, storedCoverage, storedGauges } from "../support/stored-rollups.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LATER = T0 + 3 * 24 * HOUR;

describe("a minute that is over", () => {
  test("a late snapshot mends the minute of the one after it, and the hour", async ({ store }) => {
    const host = await newHost(store);
    const history = [0, 50, 130].map((seconds, index) =>
      at(seconds, overflows(index * 100), { everyMs: 60_000 }),
    );
    const rows: SnapshotRow[] = [];
    for (const one of history) rows.push(await rowOf(store, host, one));
    await append(
      store,
      rows.filter((_, index) => index !== 1),
    );
    await worker(store).rollUp(LATER);
    const without = fleetOf(
      host,
      history.filter((_, index) => index !== 1),
    );
    expect(await storedCounters(store, "hour")).toEqual(expectedCounters(without, HOUR));
    await append(store, rows.slice(1, 2));
    await worker(store).rollUp(LATER);
    expect(await storedCounters(store, "minute")).toEqual(expectedCounters(fleetOf(host, history), MINUTE));
    expect(await storedCounters(store, "hour")).toEqual(expectedCounters(fleetOf(host, history), HOUR));
  });

  test("an hour is summed up once it is over, and not before", async ({ store }) => {
    const host = await newHost(store);
    const history = [0, 10, 20].map((seconds, index) =>
      at(seconds, { ...overflows(index), TcpCurrEstab: index }),
    );
    for (const one of history) await append(store, [await rowOf(store, host, one)]);
    await worker(store).rollUp(T0 + HOUR);
    expect((await storedCounters(store, "hour")).size).toBe(0);
    await worker(store).rollUp(T0 + HOUR + MINUTE);
    const fleet = fleetOf(host, history);
    expect(await storedCounters(store, "hour")).toEqual(expectedCounters(fleet, HOUR));
    expect(await storedCoverage(store, "hour")).toEqual(expectedCoverage(fleet, HOUR));
    expect(await storedGauges(store, "hour")).toEqual(expectedGauges(fleet, HOUR));
  });

  test("faults of the data are counted", async ({ store }) => {
    const host = await newHost(store);
    const history = [
      at(0, { TcpExtListenOverflows: 9, TcpExtListenDrops: 9, TcpActiveOpens: 9 }),
      at(10, { TcpExtListenOverflows: 3, TcpExtListenDrops: 10, TcpActiveOpens: 10 }),
      at(20, { TcpExtListenOverflows: 1, TcpExtListenDrops: 1, TcpActiveOpens: 1 }),
      at(30, { TcpExtListenOverflows: 1, TcpExtListenDrops: 1, TcpActiveOpens: 1 }, { uptimeMs: 1 }),
    ];
    for (const one of history) await append(store, [await rowOf(store, host, one)]);
    const outcome = await rollUpShard(worker(store).deps, shardOf(host.namespaceId), LATER);
    expect(outcome).toMatchObject({ problems: { fell: 1, recreated: 1, outOfOrder: 1 } });
  });

  test("a worker that finds the shard taken leaves it alone", async ({ store }) => {
    const host = await newHost(store);
    await append(store, [await rowOf(store, host, at(0, overflows(0)))]);
    const shard = shardOf(host.namespaceId);
    const { deps } = worker(store);
    await store.db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(${0x5350_0001}::int, ${shard}::int)::text`;
      expect(await rollUpShard(deps, shard, LATER)).toEqual({ kind: "busy" });
    });
    expect(await rollUpShard(deps, shard, LATER)).toMatchObject({ kind: "done", minutes: 1 });
  });
});

describe("the minute that is open", () => {
  test("has its event counters at once, and the rest when it is over", async ({ store }) => {
    const host = await newHost(store);
    const history = [5, 15].map((seconds, index) => at(seconds, overflows(index * 3)));
    for (const one of history) await append(store, [await rowOf(store, host, one)]);
    const shard = shardOf(host.namespaceId);
    await worker(store).rollUp(T0 + 20_000);
    expect([...(await storedCounters(store, "minute")).keys()]).toEqual([
      `${shard} TcpExtListenOverflows ${T0}`,
    ]);
    expect([...(await storedCoverage(store, "minute")).values()]).toMatchObject([{ open: true }]);
    expect(await markedShards(store.db)).toEqual([shard]);
    await worker(store).rollUp(T0 + MINUTE);
    expect(await storedCounters(store, "minute")).toEqual(expectedCounters(fleetOf(host, history), MINUTE));
    expect(await markedShards(store.db)).toEqual([]);
  });

  test("a tick reads the namespaces that were touched since, and leaves the others as they are", async ({
    store,
  }) => {
    const hosts = [await newHost(store), await newHost(store), await newHost(store)];
    const fleet = hosts.map((host, index) => ({
      ...host,
      history: [5, 15].map((seconds, step) => at(seconds, overflows(step * (index + 1)))),
    }));
    const one = worker(store);
    const shard = shardOf(hosts[0]?.namespaceId ?? 0);
    for (const { history, ...host } of fleet) {
      for (const snapshot of history) await append(store, [await rowOf(store, host, snapshot)]);
    }
    expect(await rollUpShard(one.deps, shard, T0 + 20_000)).toMatchObject({ minutes: 1, snapshots: 6 });
    expect(await rollUpShard(one.deps, shard, T0 + 21_000)).toMatchObject({ minutes: 0, snapshots: 0 });

    const [first] = fleet;
    if (first === undefined) throw new Error("a fleet");
    const next = at(25, overflows(50));
    first.history.push(next);
    await append(store, [await rowOf(store, first, next)]);
    expect(await rollUpShard(one.deps, shard, T0 + 26_000)).toMatchObject({ minutes: 1, snapshots: 3 });
    const key = `${shard} TcpExtListenOverflows ${T0}` as const;
    const expected = expectedCounters(fleet, MINUTE).get(key);
    expect((await storedCounters(store, "minute")).get(key)).toEqual(expected);
    expect((await storedCoverage(store, "minute")).values().next().value).toMatchObject({
      open: true,
      reporters: 3,
      coveredMs: 40_000,
    });

    // Another process has seen nothing yet; and a mark that does not say whom it touches may touch any.
    expect(await rollUpShard(worker(store).deps, shard, T0 + 27_000)).toMatchObject({ snapshots: 7 });
    await append(store, [await rowOf(store, first, at(35, overflows(51)))], false);
    expect(await rollUpShard(one.deps, shard, T0 + 36_000)).toMatchObject({ snapshots: 8 });
  });

  test("when a worker whose clock is ahead has closed it, it is closed for the others", async ({ store }) => {
    const host = await newHost(store);
    const history = [5, 15, 25].map((seconds, index) => at(seconds, overflows(index * 3)));
    const rows: SnapshotRow[] = [];
    for (const one of history) rows.push(await rowOf(store, host, one));
    await append(store, rows.slice(0, 2));
    await worker(store).rollUp(T0 + MINUTE);
    await append(store, rows.slice(2));
    await worker(store).rollUp(T0 + 40_000);
    const fleet = fleetOf(host, history);
    expect(await storedCounters(store, "minute")).toEqual(expectedCounters(fleet, MINUTE));
    expect(await storedCoverage(store, "minute")).toEqual(expectedCoverage(fleet, MINUTE));
  });
});

test("ages that no machine has reached do not stop the shard", async ({ store }) => {
  const host = await newHost(store);
  const container = await newContainer(store, host.hostId, 0);
  const first = await rowOf(store, container, { ...at(0, overflows(5)), bornUptimeMs: 0 });
  const epoch = { bootId: randomUUID(), kernel: "6.12", arch: "x86_64", wordSize: 64 };
  const epochs = await store.db.epoch.createManyAndReturn({
    data: Array.from({ length: 1_100 }, (_, number) => ({ ...epoch, hostId: host.hostId, number })),
  });
  // Together more milliseconds than a bigint holds.
  const uptimeMs = Number.MAX_SAFE_INTEGER;
  await append(
    store,
    epochs.map(({ id }, index) => ({ ...first, at: first.at + index, epochId: id, uptimeMs })),
  );
  await worker(store).rollUp(LATER);
  expect(await markedShards(store.db)).toEqual([]);
  expect(await shardsWithHours(store.db, LATER)).toEqual([]);
});

test("rows that come three times at once are stored once, and told apart", async ({ store }) => {
  const host = await newHost(store);
  const rows: SnapshotRow[] = [];
  for (let index = 0; index < 50; index++)
    rows.push(await rowOf(store, host, at(index * 10, overflows(index))));
  await new Partitions().ensure(
    store.db,
    "snapshot",
    rows.map((row) => row.at),
  );
  const outcomes = (
    await Promise.all([rows, [...rows].reverse(), rows].map((batch) => appendSnapshots(store.db, batch)))
  ).flat();
  expect(outcomes.filter((outcome) => outcome === "stored")).toHaveLength(50);
  expect(outcomes.filter((outcome) => outcome === "duplicate")).toHaveLength(100);

  const [first] = rows;
  if (first === undefined) throw new Error("rows");
  const other = { ...first, values: encodeValues([null, null, 77, null]) };
  expect(await appendSnapshots(store.db, [other, first, other])).toEqual([
    "conflict",
    "duplicate",
    "conflict",
  ]);
  expect(await store.db.$queryRaw`SELECT count(*)::int AS n FROM ts.snapshot`).toEqual([{ n: 50 }]);
});
