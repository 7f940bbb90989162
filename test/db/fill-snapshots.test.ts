/** Parts of one reading that come apart, in every state of their hour. */
import { describe, expect, onTestFinished } from "vitest";
import { START_TIME } from "../../src/catalog/catalog.ts";
import { layoutHash } from "../../src/protocol/layout.ts";
import { valueAt } from "../../src/rates/values.ts";
import { inTransaction, type Store } from "../../src/store/client.ts";
import { decodeValues, encodeValues } from "../../src/store/codec/values.ts";
import { sealHour } from "../../src/store/compaction/hours.ts";
import { type FillRow, fillSnapshots } from "../../src/store/fill-snapshots.ts";
import { readSpan } from "../../src/store/history/span.ts";
import { LayoutUnions } from "../../src/store/layout-unions.ts";
import { registerLayout } from "../../src/store/layouts.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";
import type { SnapshotRow } from "../../src/store/snapshots.ts";
import { committer, HOUR, T0, test } from "../support/compacted-store.ts";
import { compactAll } from "../support/compaction.ts";
import { fleetHistory } from "../support/history.ts";
import { openTestStore } from "../support/open-store.ts";
import { waitFor } from "../support/wait.ts";

const PART = ["SomeA", "SomeB"];

/** Snapshots as a fleet's, and for each a part with two more counters. */
async function partsOf(store: Store): Promise<{ rows: SnapshotRow[]; parts: SnapshotRow[] }> {
  const rows = await fleetHistory(store.db, { hosts: 1, start: T0, end: T0 + 240_000, everyMs: 60_000 });
  const layout = await registerLayout(store.db, layoutHash(PART), PART);
  if (layout === null) throw new Error("no layout");
  const parts = rows.map((row, index) => ({
    ...row,
    layoutId: layout.id,
    values: encodeValues([index, 2n ** 63n]),
  }));
  return { rows, parts };
}

/** As a process that has seen none of it. */
function fill({ db }: Store, rows: readonly FillRow[]) {
  return fillSnapshots(db, new LayoutUnions(db), rows);
}

/** Values by counter of the snapshot of a row. */
async function storedOf(store: Store, { namespaceId, at }: SnapshotRow): Promise<Record<string, unknown>> {
  const [found] = await readSpan(store.db, { namespaceIds: [namespaceId] }, { from: at, to: at + 1 });
  if (found === undefined) throw new Error("no snapshot");
  const layout = await store.db.layout.findUniqueOrThrow({ where: { id: found.layout_id } });
  const counters = await store.db.counter.findMany({ where: { id: { in: layout.counterIds } } });
  const names = new Map(counters.map(({ id, name }) => [id, name]));
  const values =
    found.values instanceof Uint8Array ? decodeValues(found.values, layout.counterIds.length) : found.values;
  return Object.fromEntries(
    layout.counterIds.map((id, place) => [names.get(id) ?? "", valueAt(values, place)]),
  );
}

describe("a part of a snapshot that is there", () => {
  test("adds what is missing once, marks the minute, and changes nothing that is there", async ({
    store,
  }) => {
    const { rows, parts } = await partsOf(store);
    await committer(store).submit(rows);
    await store.db.$executeRaw`DELETE FROM ts.mark`;
    const [first] = rows as [SnapshotRow];
    const before = await storedOf(store, first);
    expect(await fill(store, parts)).toEqual(parts.map(() => "filled"));
    expect(await storedOf(store, first)).toEqual({ ...before, SomeA: 0, SomeB: 2n ** 63n });
    expect(await markedShards(store.db)).toHaveLength(1);
    expect(await fill(store, parts)).toEqual(parts.map(() => "duplicate"));
    const other = { ...(parts[0] as SnapshotRow), values: encodeValues([77, 88]) };
    expect(await fill(store, [other])).toEqual(["duplicate"]);
    expect(await storedOf(store, first)).toEqual({ ...before, SomeA: 0, SomeB: 2n ** 63n });
  });

  test("says when its own counters began: the oldest holds, whichever comes first", async ({ store }) => {
    const { rows, parts } = await partsOf(store);
    await committer(store).submit(rows);
    const [row, part] = [rows[0] as SnapshotRow, parts[0] as SnapshotRow];
    const layout = await registerLayout(store.db, layoutHash([START_TIME]), [START_TIME]);
    const began = (seconds: number) => ({
      ...part,
      layoutId: layout?.id ?? 0,
      values: encodeValues([seconds]),
    });
    expect(await fill(store, [began(200)])).toEqual(["filled"]);
    expect(await fill(store, [began(300), began(100), began(150)])).toEqual([
      "duplicate",
      "filled",
      "duplicate",
    ]);
    expect(await storedOf(store, row)).toMatchObject({ [START_TIME]: 100 });
    expect(await fill(store, [began(200)])).toEqual(["duplicate"]);
  });

  test("gets in beside another that comes at once", async ({ store }) => {
    const { rows, parts } = await partsOf(store);
    await committer(store).submit(rows);
    const [row, part] = [rows[1] as SnapshotRow, parts[1] as SnapshotRow];
    const singles = await Promise.all(
      ["One", "Two", "Three", "Four"].map(async (name, index) => {
        const layout = await registerLayout(store.db, layoutHash([name]), [name]);
        return { ...part, layoutId: layout?.id ?? 0, values: encodeValues([index]) };
      }),
    );
    const outcomes = await Promise.all([...singles, part].map((one) => fill(store, [one])));
    expect(outcomes.flat()).toEqual(outcomes.map(() => "filled"));
    expect(await storedOf(store, row)).toMatchObject({ One: 0, Two: 1, Three: 2, Four: 3, SomeA: 1 });
  });

  test("waits for another in the order of the snapshots, whatever the plan: no two wait for each other", async ({
    store,
    databaseUrl,
  }) => {
    const { rows, parts } = await partsOf(store);
    // A scan finds them the other way round ...
    for (const row of rows.toReversed()) await committer(store).submit([row]);
    const its = openTestStore(databaseUrl, 1);
    onTestFinished(() => its.close());
    // ... and the snapshots are scanned.
    await its.db.$executeRaw`SET enable_nestloop = off`;
    await its.db.$executeRaw`SET enable_mergejoin = off`;
    await its.db.$executeRaw`SET enable_indexscan = off`;
    await its.db.$executeRaw`SET enable_bitmapscan = off`;
    const second = new Date(rows[1]?.at ?? 0);
    const filled = await inTransaction(store.db, async (tx) => {
      await tx.$executeRaw`SELECT FROM ts.snapshot WHERE at = ${second} FOR UPDATE`;
      const filling = fill(its, parts);
      await waitFor("the writer to wait", async () => {
        const waiting = await store.db.$queryRaw<unknown[]>`
          SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        return waiting.length === 1;
      });
      const free = await store.db.$queryRaw<{ at: Date }[]>`
        SELECT at FROM ts.snapshot ORDER BY at FOR UPDATE SKIP LOCKED`;
      expect(free.map(({ at }) => at.getTime())).toEqual(rows.slice(2).map(({ at }) => at));
      return { filling };
    });
    expect(await filled.filling).toEqual(parts.map(() => "filled"));
  });

  test("of one batch with other parts of the same snapshot, twice and with other values: the first of each counter stays", async ({
    store,
  }) => {
    const { rows, parts } = await partsOf(store);
    await committer(store).submit(rows);
    await store.db.$executeRaw`DELETE FROM ts.mark`;
    const [part, next] = parts as [SnapshotRow, SnapshotRow];
    const single = await registerLayout(store.db, layoutHash(["SomeB"]), ["SomeB"]);
    const other = { ...part, layoutId: single?.id ?? 0, values: encodeValues([5]) };
    expect(await fill(store, [other, next, part, part, { ...part, at: T0 + 7 }])).toEqual([
      "filled",
      "filled",
      "filled",
      "duplicate",
      "closed",
    ]);
    expect(await storedOf(store, part)).toMatchObject({ SomeA: 0, SomeB: 5 });
    expect(await storedOf(store, next)).toMatchObject({ SomeA: 1, SomeB: 2n ** 63n });
    const marks = await store.db.$queryRaw<object[]>`SELECT minute FROM ts.mark`;
    expect(marks).toHaveLength(2);
  });

  test("of a sealed hour is refused, of one that came late is taken, and of a compacted one refused", async ({
    store,
  }) => {
    const { rows, parts } = await partsOf(store);
    const commit = committer(store);
    const [punctual, late] = [rows.slice(0, 2), rows.slice(2)];
    await commit.submit(punctual);
    expect(await sealHour(store.db, T0)).toBe(true);
    await commit.submit(late);
    const closed = await storedOf(store, rows[0] as SnapshotRow);
    expect(await fill(store, parts)).toEqual(["closed", "closed", ...late.map(() => "filled")]);
    expect(await storedOf(store, rows[0] as SnapshotRow)).toEqual(closed);
    expect(await storedOf(store, rows[2] as SnapshotRow)).toMatchObject({ SomeA: 2 });
    await compactAll(store.db, T0 + HOUR);
    expect(await fill(store, parts.slice(0, 2))).toEqual(["closed", "closed"]);
    expect(await storedOf(store, rows[0] as SnapshotRow)).toEqual(closed);
  });

  test("of no snapshot at all is refused", async ({ store }) => {
    const { parts } = await partsOf(store);
    expect(await fill(store, [{ ...(parts[0] as SnapshotRow), at: T0 + 7 }])).toEqual(["closed"]);
  });
});
