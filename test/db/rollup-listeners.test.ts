/** What the rollups say of listening sockets: what they did, and which are open. */
import { describe, expect } from "vitest";
import { readListenerStats } from "../../src/store/queries/listener-stats.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";
import type { SnapshotRow } from "../../src/store/snapshots.ts";
import { expectedListeners } from "../support/fleet-oracle.ts";
import { at, fleetOf, listening, overflows, T0 } from "../support/one-host.ts";
import { append, newHost, rowOf, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";
import { storedListeners } from "../support/stored-rollups.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LATER = T0 + 3 * 24 * HOUR;

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
