/** Snapshots that come when their hour is sealed, or compacted. */
import { describe, expect } from "vitest";
import { isEventCounter } from "../../src/catalog/catalog.ts";
import { encodeValues } from "../../src/store/codec/values.ts";
import { sealHour } from "../../src/store/compaction/hours.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { readSpan } from "../../src/store/history/span.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";
import { type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { committer, count, HOUR, idsOf, T0, test } from "../support/compacted-store.ts";
import { compactAll, mergeAll } from "../support/compaction.ts";
import { appendAll, type FleetSpan, fleetHistory } from "../support/history.ts";
import { randomOf } from "../support/hours.ts";

describe("late snapshots", () => {
  test("are stored, told from duplicates and conflicts, and merged, in every state of their hour", async ({
    store,
  }) => {
    const span: FleetSpan = { hosts: 2, start: T0, end: T0 + HOUR, everyMs: 60_000 };
    const rows = await fleetHistory(store.db, span);
    const parts = [0, 1, 2, 3].map((part) => rows.filter((_, index) => index % 4 === part));
    const [punctual = [], sealed = [], closed = [], merged = []] = parts;
    const other = (row: SnapshotRow | undefined): SnapshotRow => {
      if (row === undefined) throw new Error("a row");
      return { ...row, values: encodeValues([1, 2, 3]) };
    };
    const commit = committer(store);
    const outcomesOf = async (some: readonly SnapshotRow[]) => [...new Set(await commit.submit(some))];
    const judged = async (known: readonly SnapshotRow[]) => {
      expect(await outcomesOf(known)).toEqual(["duplicate"]);
      expect(await outcomesOf([other(known[0]), other(known.at(-1))])).toEqual(["conflict"]);
    };

    expect(await outcomesOf(punctual)).toEqual(["stored"]);
    await judged(punctual);
    expect(await sealHour(store.db, T0)).toBe(true);
    await store.db.$executeRaw`DELETE FROM ts.mark`;
    // One push with rows of a sealed hour and of another.
    const now = { ...(punctual[0] as SnapshotRow), at: T0 + 5 * HOUR };
    expect(await commit.submit([...sealed, now, other(punctual[0])])).toEqual([
      ...sealed.map(() => "stored"),
      "stored",
      "conflict",
    ]);
    expect(await markedShards(store.db)).toEqual([shardOf(now.namespaceId)]);
    await judged(punctual);
    await judged(sealed);
    // Nothing is merged before the hour is closed.
    await mergeAll(store.db);
    expect(await count(store)).toMatchObject({ raw: punctual.length + 1, late: sealed.length });

    await compactAll(store.db, T0 + HOUR);
    await judged([...punctual, ...sealed]);
    expect(await outcomesOf(closed)).toEqual(["stored"]);
    await judged(closed);
    await mergeAll(store.db);
    await judged([...punctual, ...sealed, ...closed]);
    // The same rows from several writers at once: each is new once.
    const both = await Promise.all(
      [committer(store), committer(store), commit].map((one) => one.submit(merged)),
    );
    expect(both.flat().filter((outcome) => outcome === "stored")).toHaveLength(merged.length);
    expect(both.flat().filter((outcome) => outcome === "duplicate")).toHaveLength(2 * merged.length);
    await mergeAll(store.db);
    await judged(rows);
    expect(await count(store)).toEqual({ raw: 1, late: 0, hours: rows.length });
    const found = await readSpan(store.db, { namespaceIds: idsOf(rows) }, { from: T0, to: T0 + HOUR });
    expect(found).toHaveLength(rows.length);
  });

  test("end in the same rollups as punctual ones, whatever was compacted meanwhile", async ({ store }) => {
    const span: FleetSpan = { hosts: 3, start: T0, end: T0 + 6 * HOUR, everyMs: 120_000 };
    const rows = await fleetHistory(store.db, span);
    const random = randomOf(5);
    const late = rows.filter(() => random() < 0.3).sort(() => random() - 0.5);
    const isLate = new Set(late);
    const deps = {
      db: store.db,
      reader: new SnapshotReader(new LayoutCache()),
      partitions: new Partitions(),
      isEventCounter,
    };
    const rollUp = async () => {
      for (const shard of await markedShards(store.db)) {
        for (;;) {
          const outcome = await rollUpShard(deps, shard, span.end + HOUR);
          if (outcome.kind === "busy" || !outcome.more) break;
        }
      }
    };
    const rollups = () => store.db.$queryRaw`
      SELECT r.shard, r.counter_id, r.bucket, r.total::text, r.unrated::text, r.peak::text, encode(r.data, 'hex') AS data
      FROM ts.rollup_minute r
      UNION ALL
      SELECT c.shard, -c.layout_id, c.bucket, c.covered_ms::text, '', '', encode(c.data, 'hex') FROM ts.coverage c
      ORDER BY 1, 2, 3`;

    // What it is when all came in time.
    await appendAll(store.db, rows);
    await rollUp();
    const expected = await rollups();
    for (const table of ["snapshot", "rollup_minute", "coverage"]) {
      await store.db.$executeRawUnsafe(`DELETE FROM ts.${table}`);
    }

    await appendAll(
      store.db,
      rows.filter((row) => !isLate.has(row)),
    );
    await rollUp();
    await compactAll(store.db, T0 + 4 * HOUR);
    const commit = committer(store);
    for (let start = 0; start < late.length; start += 60) {
      await commit.submit(late.slice(start, start + 60));
      if (start % 120 === 0) await rollUp();
      else await mergeAll(store.db);
    }
    await mergeAll(store.db);
    await rollUp();
    expect(await rollups()).toEqual(expected);
  }, 180_000);

  test("each mark names the namespaces of its minute", async ({ store }) => {
    const span: FleetSpan = { hosts: 3, start: T0, end: T0 + 120_000, everyMs: 20_000 };
    const rows = await fleetHistory(store.db, span);
    await appendAll(store.db, [...rows, ...rows]);
    const marks = await store.db.$queryRaw<{ minute: Date; namespaces: number[] }[]>`
      SELECT minute, namespaces FROM ts.mark ORDER BY minute`;
    const expected = [T0, T0 + 60_000].map((minute) => ({
      minute: new Date(minute),
      namespaces: idsOf(rows.filter((row) => row.at >= minute && row.at < minute + 60_000)).sort(
        (a, b) => a - b,
      ),
    }));
    expect(marks).toEqual(expected);
  });
});
