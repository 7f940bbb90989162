/** Parts of readings that come at once, of several requests. */
import { expect } from "vitest";
import { FillQueue } from "../../src/ingest/samples/fill-queue.ts";
import { layoutHash } from "../../src/protocol/layout.ts";
import { openStore, type Store } from "../../src/store/client.ts";
import { encodeValues } from "../../src/store/codec/values.ts";
import { storeFault } from "../../src/store/errors.ts";
import { registerLayout } from "../../src/store/layouts.ts";
import type { SnapshotRow } from "../../src/store/snapshots.ts";
import { committer, T0, test } from "../support/compacted-store.ts";
import { fleetHistory } from "../support/history.ts";

/** Snapshots that are stored, and for each a part with one more counter. */
async function storedParts(store: Store): Promise<SnapshotRow[]> {
  const rows = await fleetHistory(store.db, { hosts: 1, start: T0, end: T0 + 240_000, everyMs: 60_000 });
  await committer(store).submit(rows);
  const layout = await registerLayout(store.db, layoutHash(["SomeA"]), ["SomeA"]);
  if (layout === null) throw new Error("no layout");
  return rows.map((row, index) => ({ ...row, layoutId: layout.id, values: encodeValues([index]) }));
}

test("each request is told what became of its own, in whatever company it was filled", async ({ store }) => {
  const [first, second, third] = (await storedParts(store)) as [SnapshotRow, SnapshotRow, SnapshotRow];
  const queue = new FillQueue(store.db);
  const outcomes = await Promise.all([
    queue.submit([first]),
    queue.submit([second, first]),
    queue.submit([{ ...third, at: T0 + 7 }, third]),
    queue.submit([]),
  ]);
  expect(outcomes).toEqual([["filled"], ["filled", "duplicate"], ["closed", "filled"], []]);
});

test("what is wrong with one of them is none of the others'", async ({ store }) => {
  const [first, second, third] = (await storedParts(store)) as [SnapshotRow, SnapshotRow, SnapshotRow];
  const queue = new FillQueue(store.db);
  // They come within a moment, and are tried together first.
  const [, good, bad, other] = await Promise.allSettled([
    queue.submit([first]),
    queue.submit([second]),
    queue.submit([{ ...third, values: Buffer.from([1, 2, 3]) }]),
    queue.submit([third]),
  ]);
  expect(good).toEqual({ status: "fulfilled", value: ["filled"] });
  expect(bad).toMatchObject({ status: "rejected", reason: expect.any(RangeError) });
  expect(other).toEqual({ status: "fulfilled", value: ["filled"] });
});

test("without a database all that wait are told so, and no more are taken in than may wait", async ({
  store,
}) => {
  const parts = await storedParts(store);
  const away = openStore({
    url: "postgresql://nobody@127.0.0.1:1/nothing",
    poolSize: 1,
    statementTimeoutMs: 1_000,
    applicationName: "test",
    onError: () => undefined,
  });
  try {
    const queue = new FillQueue(away.db);
    const many = new Array<SnapshotRow>(20_000).fill(parts[0] as SnapshotRow);
    const submitted = [...parts.map((part) => [part]), many].map((rows) => queue.submit(rows));
    expect(queue.full).toBe(true);
    const settled = await Promise.allSettled(submitted);
    expect(queue.full).toBe(false);
    const faults = settled.map((one) => (one.status === "rejected" ? storeFault(one.reason) : one.status));
    expect(faults).toEqual(submitted.map(() => "unavailable"));
  } finally {
    await away.close();
  }
});
