/** What the rollups say of listening sockets: what they did, which are open, and since when others are closed. */
import fc from "fast-check";
import { describe, expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { readListenerStats } from "../../src/store/queries/listener-stats.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";
import type { SnapshotRow } from "../../src/store/snapshots.ts";
import { expectedListeners } from "../support/fleet-oracle.ts";
import { at, fleetOf, overflows, T0 } from "../support/one-host.ts";
import type { OracleSnapshot } from "../support/oracle.ts";
import {
  append,
  forgetSeries,
  newHost,
  rowOf,
  storedListeners,
  type TestNamespace,
  worker,
} from "../support/rollups.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LATER = T0 + 3 * 24 * HOUR;
const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 12);

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

describe("listeners", () => {
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

  test("that are idle are listed once an hour, so that they can be told from those of a host that is silent", async ({
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
    expect(await listed(30, 40)).toEqual([["1", 0, 0]]);
    expect(await listed(10, 40)).toEqual([
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

describe("a listener that is closed", () => {
  const idle = (...inodes: string[]) => inodes.map((inode): [string, number, number] => [inode, 0, 0]);
  const listed = (seconds: number, inodes: string, complete = true, more: Partial<OracleSnapshot> = {}) =>
    at(seconds, overflows(0), { listeners: listening(idle(...inodes), complete), ...more });

  async function closedAt(store: Store): Promise<Record<string, number | null>> {
    const rows = await store.db.listener.findMany({ orderBy: { inode: "asc" } });
    return Object.fromEntries(
      rows.map(({ inode, closedAt: time }) => [inode, time === null ? null : (time.getTime() - T0) / 1000]),
    );
  }

  async function deliver(store: Store, host: TestNamespace, ...history: OracleSnapshot[]): Promise<void> {
    for (const one of history) await append(store, [await rowOf(store, host, one)]);
    await worker(store).rollUp(LATER);
  }

  test("is so from the first complete list without it, and is asked for no longer behind that", async ({
    store,
  }) => {
    const host = await newHost(store);
    await deliver(store, host, listed(0, "12"), listed(60, "12"), listed(70, "1", false), listed(120, "1"));
    await deliver(store, host, listed(180, "1"), listed(240, "1"));
    expect(await closedAt(store)).toEqual({ 1: null, 2: 120 });
    const openIn = async (from: number, to: number) => {
      const range = { from: T0 + from * 1000, to: T0 + to * 1000 };
      const stats = await readListenerStats(store.db, { range, namespaceIds: null });
      return stats.map(({ inode }) => inode);
    };
    expect(await openIn(60, 120)).toEqual(["1", "2"]);
    expect(await openIn(180, 300)).toEqual(["1"]);
    // All of them, by a list with nothing in it.
    await deliver(store, host, listed(300, ""));
    expect(await closedAt(store)).toEqual({ 1: 300, 2: 120 });
    // Its inode, at the same address: open again.
    await deliver(store, host, listed(360, "2"));
    expect(await closedAt(store)).toEqual({ 1: 300, 2: null });
  });

  test("is neither opened nor closed by what comes late of before", async ({ store }) => {
    const host = await newHost(store);
    await deliver(store, host, listed(0, "12"), listed(240, "1"), listed(300, "1"));
    expect(await closedAt(store)).toEqual({ 1: null, 2: 240 });
    // It was still there later than was known, and not opened by that.
    await deliver(store, host, listed(60, "12"));
    expect(await closedAt(store)).toEqual({ 1: null, 2: 240 });
    await deliver(store, host, listed(180, "1"));
    expect(await closedAt(store)).toEqual({ 1: null, 2: 180 });
    // A moment without 1: it was listed behind that, so it is open.
    await deliver(store, host, listed(120, ""));
    expect(await closedAt(store)).toEqual({ 1: null, 2: 120 });
    await deliver(store, host, listed(130, "2", false));
    expect(await closedAt(store)).toEqual({ 1: null, 2: 180 });
  });

  test("by a restart of its machine, or while its agent began a new epoch", async ({ store }) => {
    const host = await newHost(store);
    const other = await newHost(store);
    await deliver(store, other, listed(0, "9"));
    await deliver(store, host, listed(0, "123"), listed(30, "123", true));
    await deliver(store, host, listed(90, "3", false, { epoch: 1 }), listed(150, "23", true, { epoch: 1 }));
    expect(await closedAt(store)).toEqual({ 1: 150, 2: null, 3: null, 9: null });
    await deliver(store, host, listed(200, "4", true, { boot: "next", uptimeMs: 20_000 }));
    expect(await closedAt(store)).toEqual({ 1: 150, 2: 200, 3: 200, 4: null, 9: null });
  });

  test("is so at the same time whatever the order in which its lists came", async ({ store }) => {
    const lists = fc.array(
      fc.record({ apart: fc.integer({ min: 20, max: 400 }), mask: fc.nat(7), complete: fc.boolean() }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(
        lists,
        fc.infiniteStream(fc.nat(1_000)),
        fc.integer({ min: 1, max: 4 }),
        async (steps, order, batch) => {
          await forgetSeries(store);
          const host = await newHost(store);
          let seconds = 0;
          const history = steps.map(({ apart, mask, complete }) => {
            seconds += apart;
            return listed(
              seconds,
              ["1", "2", "3"].filter((_, index) => mask & (1 << index)).join(""),
              complete,
            );
          });
          const shuffled = history
            .map((one) => ({ one, key: order.next().value ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ one }) => one);
          for (let start = 0; start < shuffled.length; start += batch) {
            await deliver(store, host, ...shuffled.slice(start, start + batch));
          }
          expect(await closedAt(store)).toEqual(expectedClosed(history));
        },
      ),
      { numRuns: RUNS },
    );
  }, 3_600_000);

  /** When the first complete list was taken that is later than every list with it. */
  function expectedClosed(history: readonly OracleSnapshot[]): Record<string, number | null> {
    const has = (one: OracleSnapshot, inode: string) =>
      one.listeners?.sockets.some((socket) => socket.inode === inode) === true;
    const known = ["1", "2", "3"].filter((inode) => history.some((one) => has(one, inode)));
    return Object.fromEntries(
      known.map((inode) => {
        const behind = history.slice(history.findLastIndex((one) => has(one, inode)) + 1);
        const end = behind.find((one) => one.listeners?.complete);
        return [inode, end === undefined ? null : (end.at - T0) / 1000];
      }),
    );
  }
});
