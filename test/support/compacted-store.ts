/** A store whose hours are compacted, and what it holds in each of its forms. */
import { GroupCommit } from "../../src/ingest/group-commit.ts";
import { openStore, type Store } from "../../src/store/client.ts";
import { Partitions } from "../../src/store/partitions.ts";
import type { SnapshotRow } from "../../src/store/snapshots.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { test as base } from "./postgres.ts";

export const HOUR = 3_600_000;
export const T0 = Date.UTC(2026, 10, 8);

export const test = base.extend<{ store: Store }>({
  store: async ({ databaseUrl }, use) => {
    const store = openStore({
      url: databaseUrl,
      poolSize: 8,
      statementTimeoutMs: 30_000,
      applicationName: "test",
      onError: () => undefined,
    });
    await use(store);
    await store.close();
  },
});

export function committer({ db }: Store, metrics = new Metrics()) {
  return new GroupCommit({
    db,
    partitions: new Partitions(),
    log: createLog("silent"),
    metrics,
  });
}

export function idsOf(rows: readonly SnapshotRow[]): number[] {
  return [...new Set(rows.map((row) => row.namespaceId))];
}

export async function count({ db }: Store) {
  const [row] = await db.$queryRaw<{ raw: number; late: number; hours: number }[]>`
    SELECT (SELECT count(*)::int FROM ts.snapshot) AS raw, (SELECT count(*)::int FROM ts.snapshot_late) AS late,
           (SELECT coalesce(sum(snapshots), 0)::int FROM ts.snapshot_hour) AS hours`;
  return row;
}
