import fc from "fast-check";
import { expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { markedShards, readSettled } from "../../src/store/rollup/shards.ts";
import { type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { expectTables } from "../support/expect-tables.ts";
import type { NamespaceHistory } from "../support/fleet-oracle.ts";
import { HISTORY_START, historyOf, type Plan, plan } from "../support/histories.ts";
import { append, dying, forgetSeries, newContainer, newHost, rowOf, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";

const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LATER = HISTORY_START + 40 * DAY;

/** Of a host, of another one in the same shard, and of containers in a shard of their own. */
async function newFleet(store: Store, plans: readonly Plan[]) {
  const host = await newHost(store);
  const fleet: NamespaceHistory[] = [];
  const rows: SnapshotRow[] = [];
  for (const [index, one] of plans.entries()) {
    const isContainer = index >= 2;
    // A host's root is never known to have begun at 0.
    const history = historyOf(isContainer ? one : { ...one, bornMs: null }, `n${index}`);
    const namespace =
      index === 0
        ? host
        : isContainer
          ? await newContainer(store, host.hostId, history[0]?.bornUptimeMs ?? 0)
          : await newHost(store);
    fleet.push({ namespaceId: namespace.namespaceId, history });
    for (const snapshot of history) rows.push(await rowOf(store, namespace, snapshot));
  }
  return { fleet, rows };
}

test(
  "every table equals the oracle's, for any fleet in any order, with workers that are doubled and killed",
  async ({ store }) => {
    const scenario = fc.record({
      plans: fc.array(plan(30), { minLength: 1, maxLength: 4 }),
      order: fc.infiniteStream(fc.nat(1_000)),
      isShuffled: fc.boolean(),
      batch: fc.integer({ min: 1, max: 12 }),
      isNamed: fc.infiniteStream(fc.boolean()),
      between: fc.infiniteStream(fc.integer({ min: -MINUTE, max: 2 * HOUR })),
      dies: fc.infiniteStream(fc.nat(40)),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ plans, order, isShuffled, batch, isNamed, between, dies }) => {
        await forgetSeries(store);
        const { fleet, rows } = await newFleet(store, plans);
        const next = <T>(stream: Iterator<T>): T => stream.next().value as T;
        const queue = rows
          .flatMap((row) => [row, row])
          .map((row) => ({ row, key: isShuffled ? next(order) : row.at + next(order) }))
          .sort((a, b) => a.key - b.key)
          .map(({ row }) => row);
        const workers = [worker(store), worker(store)];
        let settled = new Map<number, number>();
        for (let start = 0; start < queue.length; start += batch * 2) {
          // Both writers' newest lies near the minute that is open for the workers.
          const now = (queue[start]?.at ?? HISTORY_START) + next(between);
          await Promise.all([
            append(store, queue.slice(start, start + batch), next(isNamed)),
            append(store, queue.slice(start + batch, start + batch * 2), next(isNamed)),
            ...workers.map((one) => one.rollUp(now)),
            worker({ db: dying(store.db, next(dies)) })
              .rollUp(now)
              .catch((error: unknown) => {
                if (!(error instanceof Error) || !error.message.includes("was killed")) throw error;
              }),
          ]);
          const shards = [...new Set(fleet.map(({ namespaceId }) => shardOf(namespaceId)))];
          const moved = await readSettled(store.db, shards);
          for (const [shard, at] of settled) expect(moved.get(shard)).toBeGreaterThanOrEqual(at);
          settled = moved;
        }
        const waiting = await markedShards(store.db);
        await workers[0]?.rollUp(LATER);

        expect(await markedShards(store.db)).toEqual([]);
        expect(await store.db.$queryRaw`SELECT count(*)::int AS left FROM ts.hour_mark`).toEqual([
          { left: 0 },
        ]);
        await expectTables(store, fleet);
        // One of which nothing was left is settled by the clock of whoever took its last mark, which may be behind the one
        // of the worker that closed its last minute: less than it could be, until the next mark.
        const done = await readSettled(store.db, waiting);
        for (const shard of waiting) expect(done.get(shard)).toBe(LATER);
      }),
      { numRuns: RUNS },
    );
  },
  RUNS * 60_000 + 600_000,
);
