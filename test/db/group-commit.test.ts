/** What the commits of pushes hold up, and what they do not. */
import { describe, expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { sealHour } from "../../src/store/compaction/hours.ts";
import type { SnapshotRow } from "../../src/store/snapshots.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { committer } from "../support/compacted-store.ts";
import { compactAll } from "../support/compaction.ts";
import { appendAll, fleetHistory } from "../support/history.ts";
import { test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

const HOUR = 3_600_000;
const T0 = Date.UTC(2026, 10, 8);

/** Rows of an hour that is sealed, and rows of the one after it. */
async function someRows(store: Store) {
  const rows = await fleetHistory(store.db, { hosts: 1, start: T0, end: T0 + HOUR, everyMs: 30_000 });
  const [first, ...others] = rows;
  if (first === undefined) throw new Error("rows");
  await appendAll(store.db, [first]);
  await sealHour(store.db, T0);
  return { late: others, fresh: others.map((row) => ({ ...row, at: row.at + HOUR })) };
}

/** Holds the lock of the hour, as who merges late snapshots does, for as long as `meanwhile` takes. */
function whileMerging<T>({ db }: Store, meanwhile: () => Promise<T>): Promise<T> {
  return db.$transaction(
    async (tx) => {
      await tx.$queryRaw`SELECT hour FROM ts.compacted_hour WHERE hour = ${new Date(T0)} FOR UPDATE`;
      return meanwhile();
    },
    { timeout: 30_000 },
  );
}

async function waitForLock({ db }: Store, waiting: number): Promise<void> {
  await waitFor(`${waiting} commits that wait`, async () => {
    const [row] = await db.$queryRaw<{ n: number }[]>`
      SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return row?.n === waiting;
  });
}

describe("late snapshots", () => {
  test("that wait for their hour hold up no others, not even those of their own push", async ({ store }) => {
    const { late, fresh } = await someRows(store);
    const commit = committer(store);
    const done: string[] = [];
    const tell = (name: string) => (outcomes: readonly string[]) => {
      done.push(name);
      return outcomes;
    };
    const waiting = await whileMerging(store, async () => {
      const first = commit.submit(late.slice(0, 5)).then(tell("late"));
      await waitForLock(store, 1);
      // As many as would take every slot.
      const others = [5, 10, 15].map((from) => commit.submit(late.slice(from, from + 5)).then(tell("late")));
      const both = commit.submit([...late.slice(20, 25), ...fresh.slice(0, 5)]).then(tell("both"));
      expect(await commit.submit(fresh.slice(5, 10)).then(tell("fresh"))).toEqual(Array(5).fill("stored"));
      expect(await commit.submit(fresh.slice(0, 5))).toEqual(Array(5).fill("duplicate"));
      await waitForLock(store, 1);
      expect(done).toEqual(["fresh"]);
      return [first, ...others, both];
    });
    for (const outcomes of await Promise.all(waiting)) expect(new Set(outcomes)).toEqual(new Set(["stored"]));
  });

  test("beyond as many as may wait are told to come back, and fresh ones are taken", async ({ store }) => {
    const { late, fresh } = await someRows(store);
    const metrics = new Metrics();
    const commit = committer(store, metrics);
    const [one] = late;
    if (one === undefined) throw new Error("a row");
    const many = (from: number): SnapshotRow[] =>
      Array.from({ length: 3_500 }, (_, index) => ({ ...one, at: T0 + from + index }));
    const waiting = await whileMerging(store, async () => {
      const first = commit.submit(many(1));
      await waitForLock(store, 1);
      expect(new Set(await commit.submit(many(10_000)))).toEqual(new Set(["busy"]));
      expect(commit.full).toBe(false);
      expect(await commit.submit([...many(20_000), ...fresh.slice(0, 1)])).toEqual([
        ...Array(3_500).fill("busy"),
        "stored",
      ]);
      expect(await metrics.registry.metrics()).toMatch(/ingest_pending_rows 3500/);
      return [first];
    });
    for (const outcomes of await Promise.all(waiting)) expect(new Set(outcomes)).toEqual(new Set(["stored"]));
    expect(await metrics.registry.metrics()).toMatch(/ingest_pending_rows 0/);
  });

  test("of an hour that was open when they were first asked about go the other way", async ({ store }) => {
    const rows = await fleetHistory(store.db, { hosts: 2, start: T0, end: T0 + HOUR, everyMs: 120_000 });
    const commit = committer(store);
    expect(new Set(await commit.submit(rows.slice(0, 20)))).toEqual(new Set(["stored"]));
    await sealHour(store.db, T0);
    expect(new Set(await commit.submit(rows.slice(20, 30)))).toEqual(new Set(["stored"]));
    const other = committer(store);
    expect(new Set(await other.submit(rows.slice(0, 30)))).toEqual(new Set(["duplicate"]));
    await compactAll(store.db, T0 + HOUR);
    for (const one of [commit, other]) {
      expect(new Set(await one.submit(rows.slice(0, 30)))).toEqual(new Set(["duplicate"]));
    }
    expect(new Set(await commit.submit(rows.slice(30)))).toEqual(new Set(["stored"]));
  });
});
