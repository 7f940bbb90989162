/** What a look locks: whoever drops or makes a partition waits for those who hold it. */
import { expect } from "vitest";
import type { Db } from "../../src/store/client.ts";
import { lastSnapshotAt, readNewest } from "../../src/store/history/newest.ts";
import { readPredecessors } from "../../src/store/history/predecessors.ts";
import { readSpan } from "../../src/store/history/span.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { shardOf } from "../../src/store/snapshots.ts";
import { HOUR, T0, test } from "../support/compacted-store.ts";
import { compactAll } from "../support/compaction.ts";
import { appendAll, type FleetSpan, fleetHistory } from "../support/history.ts";

test("a look locks the partitions of the time that it asks for, and no others", async ({ store }) => {
  const span: FleetSpan = { hosts: 2, start: T0, end: T0 + 30 * HOUR, everyMs: 600_000 };
  const rows = await fleetHistory(store.db, span);
  await appendAll(store.db, rows);
  await new Partitions().ensure(
    store.db,
    "snapshot",
    Array.from({ length: 30 }, (_, hour) => T0 + hour * HOUR),
  );
  await compactAll(store.db, T0 + 8 * HOUR);
  const lockedBy = (look: (db: Db) => Promise<unknown>) =>
    store.db.$transaction(async (tx) => {
      await look(tx);
      const locks = await tx.$queryRaw<{ name: string }[]>`
        SELECT c.relname AS name FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND c.relname LIKE 'snapshot%' ORDER BY 1`;
      return locks.map((lock) => lock.name);
    });
  const last = rows.reduce((newest, row) => (row.at > newest.at ? row : newest));
  const lookup = { namespaceId: last.namespaceId, at: last.at, epochId: last.epochId };
  const minute = { from: T0 + 20 * HOUR, to: T0 + 20 * HOUR + 60_000 };
  const day = ["snapshot_hour_2026110800"];
  expect(await lockedBy((db) => readSpan(db, { shard: shardOf(last.namespaceId) }, minute))).toEqual([
    "snapshot_2026110820",
    ...day,
  ]);
  const near = (await lockedBy((db) => readPredecessors(db, [lookup], 24 * HOUR, false))).filter((name) =>
    /^snapshot_2/.test(name),
  );
  expect(near.length).toBeLessThanOrEqual(3);
  expect((await lockedBy((db) => readNewest(db, last.namespaceId, last.at))).length).toBeLessThanOrEqual(4);
  expect(
    (await lockedBy((db) => lastSnapshotAt(db, [last.namespaceId], last.at))).length,
  ).toBeLessThanOrEqual(4);
});
