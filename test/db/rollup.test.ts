import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { encodeValues } from "../../src/store/codec/values.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { readListenerStats } from "../../src/store/queries/listener-stats.ts";
import { shardsWithHours } from "../../src/store/rollup/hour-marks.ts";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";
import { appendSnapshots, type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import {
  expectedCounters,
  expectedCoverage,
  expectedGauges,
  expectedListeners,
  type NamespaceHistory,
} from "../support/fleet-oracle.ts";
import type { OracleSnapshot } from "../support/oracle.ts";
import {
  append,
  newContainer,
  newHost,
  rowOf,
  storedCounters,
  storedCoverage,
  storedGauges,
  storedListeners,
  type TestNamespace,
  worker,
} from "../support/rollups.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LATER = T0 + 3 * 24 * HOUR;

/** A snapshot of an unbroken run. */
function at(
  seconds: number,
  values: Record<string, number>,
  more: Partial<OracleSnapshot> = {},
): OracleSnapshot {
  return {
    at: T0 + seconds * 1000,
    uptimeMs: 1e6 + seconds * 1000,
    everyMs: 10_000,
    boot: "boot",
    epoch: 0,
    wordSize: 64,
    layout: ["TcpExtListenOverflows", "TcpExtListenDrops", "TcpActiveOpens", "TcpCurrEstab"],
    values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, BigInt(value)])),
    ...more,
  };
}

const overflows = (value: number) => ({ TcpExtListenOverflows: value, TcpActiveOpens: value * 10 });

type Fleet = readonly NamespaceHistory[];
const fleetOf = ({ namespaceId }: TestNamespace, history: readonly OracleSnapshot[]): Fleet => [
  { namespaceId, history },
];

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

describe("listeners", () => {
  const listening = (sockets: readonly [inode: string, drops: number, queue: number][], complete = true) => ({
    samples: 1,
    complete,
    sockets: sockets.map(([inode, drops, peakQueue]) => ({
      inode,
      drops,
      peakQueue,
      limit: 128,
      samplesFull: 0,
    })),
  });

  test("weigh what their drops grew by while the namespace dropped, however lists are cut", async ({
    store,
  }) => {
    const host = await newHost(store);
    const drops = (value: number) => ({ TcpExtListenDrops: value });
    const history = [
      at(0, drops(0), {
        listeners: listening([
          ["1", 5, 0],
          ["2", 4_294_967_290, 0],
        ]),
      }),
      // A scan: sk_drops grows, ListenDrops does not.
      at(10, drops(0), { listeners: listening([["1", 9, 0]], false) }),
      at(70, drops(4), {
        listeners: listening(
          [
            ["1", 12, 1],
            ["2", 3, 0],
          ],
          false,
        ),
      }),
      at(80, drops(4), { listeners: listening([], false) }),
      // 2 is closed, and 3 is new.
      at(90, drops(9), {
        listeners: listening([
          ["1", 13, 0],
          ["3", 8, 0],
        ]),
      }),
      at(150, drops(12), {
        listeners: listening(
          [
            ["2", 9, 0],
            ["3", 20, 0],
          ],
          false,
        ),
      }),
    ];
    for (const one of history) {
      await append(store, [await rowOf(store, host, one)]);
      await worker(store).rollUp(LATER);
    }
    const stored = await storedListeners(store);
    expect(stored).toEqual(expectedListeners(fleetOf(host, history)));
    const weight = (inode: string, minute: number) =>
      stored.get(`${host.namespaceId} ${inode} ${T0 + minute * MINUTE}`)?.weight;
    expect([weight("1", 0), weight("1", 1), weight("2", 1), weight("3", 2)]).toEqual([0, 4, 9, 12]);

    const known = await store.db.listener.findMany({ orderBy: { inode: "asc" } });
    expect(known.map(({ inode, lastSeen }) => [inode, lastSeen.getTime() - T0])).toEqual([
      ["1", 90_000],
      ["2", 150_000],
      ["3", 150_000],
    ]);
    // Rolled up six times: no number was burnt.
    expect(known.map(({ id }) => id).sort()).toEqual([1, 2, 3]);
  });

  test("a late list mends the lists behind it, also where snapshots without any lie between", async ({
    store,
  }) => {
    const host = await newHost(store);
    const drops = (value: number) => ({ TcpExtListenDrops: value });
    const history = [
      at(0, drops(0), {
        listeners: listening([
          ["1", 5, 0],
          ["2", 1, 0],
        ]),
      }),
      at(70, drops(1), {
        listeners: listening(
          [
            ["1", 9, 0],
            ["2", 2, 0],
          ],
          false,
        ),
      }),
      at(130, drops(1)),
      at(190, drops(2), { listeners: listening([["1", 20, 0]], false) }),
      at(250, drops(2)),
      at(310, drops(3), { listeners: listening([["2", 9, 0]], false) }),
      at(370, drops(3), {
        listeners: listening([
          ["1", 21, 0],
          ["2", 9, 0],
        ]),
      }),
      at(430, drops(4), { listeners: listening([["1", 30, 0]], false) }),
    ];
    const rows: SnapshotRow[] = [];
    for (const one of history) rows.push(await rowOf(store, host, one));
    await append(
      store,
      rows.filter((_, index) => index !== 1),
    );
    await worker(store).rollUp(LATER);
    const weight = async (inode: string, minute: number) =>
      (await storedListeners(store)).get(`${host.namespaceId} ${inode} ${T0 + minute * MINUTE}`)?.weight;
    expect([await weight("1", 3), await weight("2", 5)]).toEqual([15, 8]);
    await append(store, rows.slice(1, 2));
    await worker(store).rollUp(LATER);
    expect([await weight("1", 3), await weight("2", 5)]).toEqual([11, 7]);
    expect(await storedListeners(store)).toEqual(expectedListeners(fleetOf(host, history)));
  });

  test("that are idle are listed once an hour, so that they can be told from those that were closed", async ({
    store,
  }) => {
    const host = await newHost(store);
    // 2 is closed after 20 minutes.
    const history = Array.from({ length: 200 }, (_, minute) =>
      at(minute * 60, overflows(0), {
        everyMs: 60_000,
        listeners: listening(
          minute < 20
            ? [
                ["1", 0, 0],
                ["2", 0, 0],
              ]
            : [["1", 0, 0]],
        ),
      }),
    );
    const rows: SnapshotRow[] = [];
    for (const one of history) rows.push(await rowOf(store, host, one));
    await append(store, rows);
    await worker(store).rollUp(LATER);

    const minute = (index: number) => T0 + index * MINUTE;
    const seen = await store.db.listener.findMany({ orderBy: { inode: "asc" } });
    const [open = 0, closed = 0] = seen.map(({ lastSeen }) => lastSeen.getTime());
    expect(open).toBeGreaterThan(minute(199 - 60));
    expect(closed).toBeLessThan(minute(20));
    // What there is to tell of them is that they were new.
    const told = await store.db.$queryRaw<{ bucket: Date }[]>`SELECT DISTINCT bucket FROM ts.listener_minute`;
    expect(told).toEqual([{ bucket: new Date(T0) }]);

    const listed = async (from: number, to: number) => {
      const range = { from: minute(from), to: minute(to) };
      const stats = await readListenerStats(store.db, { range, namespaceIds: null });
      return stats.map(({ inode, peakFill, samples }) => [inode, peakFill, samples]);
    };
    expect(await listed(190, 200)).toEqual([["1", 0, 0]]);
    expect(await listed(30, 40)).toEqual([
      ["1", 0, 0],
      ["2", 0, 0],
    ]);
  });

  test("that claim numbers no kernel has do not stop the shard", async ({ store }) => {
    const host = await newHost(store);
    const most = Number.MAX_SAFE_INTEGER;
    const socket = { inode: "1", drops: most, peakQueue: most, samplesFull: most, limit: most };
    const row = await rowOf(
      store,
      host,
      at(0, overflows(0), { listeners: { samples: most, complete: true, sockets: [socket] } }),
    );
    await append(store, [row]);
    await worker(store).rollUp(LATER);
    expect([...(await storedListeners(store)).values()]).toEqual([
      {
        samples: 2 ** 31 - 1,
        samplesFull: 2 ** 31 - 1,
        peakQueue: 2 ** 31 - 1,
        limit: 2 ** 31 - 1,
        weight: 0,
      },
    ]);
    expect(await markedShards(store.db)).toEqual([]);
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
