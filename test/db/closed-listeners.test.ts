/** Since when listeners are closed, whatever the order in which their lists came. */
import fc from "fast-check";
import { describe, expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { readListenerStats } from "../../src/store/queries/listener-stats.ts";
import { at, listening, overflows, T0 } from "../support/one-host.ts";
import type { OracleSnapshot } from "../support/oracle.ts";
import { append, forgetSeries, newHost, rowOf, type TestNamespace, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LATER = T0 + 3 * 24 * HOUR;
const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 12);

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
