/** Late snapshots of hours that are compacted: the rollups end as if they had been punctual, at a bounded price. */
import fc from "fast-check";
import { expect } from "vitest";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { committer } from "../support/compacted-store.ts";
import { compactAll, mergeAll } from "../support/compaction.ts";
import { expectTables } from "../support/expect-tables.ts";
import type { NamespaceHistory } from "../support/fleet-oracle.ts";
import { HISTORY_START, historyOf, plan } from "../support/histories.ts";
import type { OracleSnapshot } from "../support/oracle.ts";
import { append, forgetSeries, newHost, rowOf, watched, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";

const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LATER = HISTORY_START + 40 * 24 * HOUR;

test(
  "every table equals the oracle's, for any fleet a part of which comes after its hours were compacted",
  async ({ store }) => {
    const scenario = fc.record({
      plans: fc.array(plan(30), { minLength: 1, maxLength: 3 }),
      isLate: fc.infiniteStream(fc.boolean()),
      order: fc.infiniteStream(fc.nat(1_000)),
      batch: fc.integer({ min: 1, max: 12 }),
      merges: fc.infiniteStream(fc.boolean()),
      rollsUpFirst: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ plans, isLate, order, batch, merges, rollsUpFirst }) => {
        await forgetSeries(store);
        const fleet: NamespaceHistory[] = [];
        const punctual: SnapshotRow[] = [];
        const late: SnapshotRow[] = [];
        for (const [index, one] of plans.entries()) {
          const history = historyOf({ ...one, bornMs: null }, `n${index}`);
          const host = await newHost(store);
          fleet.push({ namespaceId: host.namespaceId, history });
          for (const snapshot of history) {
            (isLate.next().value ? late : punctual).push(await rowOf(store, host, snapshot));
          }
        }
        if (punctual.length > 0) await append(store, punctual);
        if (rollsUpFirst) await worker(store).rollUp(LATER);
        await compactAll(store.db, LATER);
        const ingest = committer(store);
        const queue = late
          .map((row) => ({ row, key: order.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ row }) => row);
        for (let start = 0; start < queue.length; start += batch) {
          const rows = queue.slice(start, start + batch);
          expect(await ingest.submit(rows)).toEqual(rows.map(() => "stored"));
          if (merges.next().value) await mergeAll(store.db);
          if (merges.next().value) await worker(store).rollUp(LATER);
        }
        await worker(store).rollUp(LATER);
        await expectTables(store, fleet);
      }),
      { numRuns: RUNS },
    );
  },
  RUNS * 60_000 + 600_000,
);

test("a compacted hour is unpacked for all of its late minutes at once, and for few of their neighbours", async ({
  store,
}) => {
  const host = await newHost(store);
  const start = Math.floor(HISTORY_START / HOUR) * HOUR;
  const history = Array.from({ length: 360 }, (_, index): OracleSnapshot => {
    const at = start + index * 10_000;
    const values = { TcpExtListenOverflows: BigInt(index * index) };
    return { at, uptimeMs: index * 10_000 + 1e6, everyMs: 10_000, boot: "b", epoch: 0, wordSize: 64, values };
  });
  const rows: SnapshotRow[] = [];
  for (const one of history) rows.push(await rowOf(store, host, one));
  const isLate = (index: number) => index % 12 === 3;
  await append(
    store,
    rows.filter((_, index) => !isLate(index)),
  );
  await worker(store).rollUp(LATER);
  await compactAll(store.db, LATER);
  await committer(store).submit(rows.filter((_, index) => isLate(index)));

  let statements = 0;
  const { deps } = worker({
    db: watched(store.db, async () => {
      statements++;
    }),
  });
  const outcome = await rollUpShard(deps, shardOf(host.namespaceId), LATER);
  expect(outcome).toMatchObject({ kind: "done", more: false });
  // Half of the 60 minutes are marked; for each by itself it would be four statements that unpack the hour.
  expect(statements).toBeLessThan(60);
  await worker(store).rollUp(LATER);
  await expectTables(store, [{ namespaceId: host.namespaceId, history }]);
});
