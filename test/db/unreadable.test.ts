/** Something stored is damaged or gone: it is set aside, told, and heals; everything else goes on. */
import { describe, expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import { readHostIncrease } from "../../src/store/queries/host-series.ts";
import { readLatest } from "../../src/store/queries/latest.ts";
import { readOpenListeners } from "../../src/store/queries/listeners.ts";
import { retryAside } from "../../src/store/rollup/retry-aside.ts";
import { countAside, RETRY_MS } from "../../src/store/rollup/set-aside.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";
import { type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { readStorageFacts } from "../../src/store/storage/tables.ts";
import { committer } from "../support/compacted-store.ts";
import { compactAll, mergeAll } from "../support/compaction.ts";
import { expectTables } from "../support/expect-tables.ts";
import { expectedCounters } from "../support/fleet-oracle.ts";
import { asking } from "../support/graphql.ts";
import { append, worker } from "../support/rollups.ts";
import { COUNTER, first, HOUR, job, LATER, MINUTE, newFleet, T0 } from "../support/set-aside.ts";
import { test } from "../support/store.ts";
import { storedCounters } from "../support/stored-rollups.ts";

const IN_MINUTE_3 = T0 + 3.75 * MINUTE;

/** Turns a bit of a namespace's compacted hour over; done twice it is as it was. */
async function flipHour({ db }: Store, namespaceId: number): Promise<void> {
  await db.$executeRaw`
    UPDATE ts.snapshot_hour SET data = set_byte(data, 9, get_byte(data, 9) # 64) WHERE namespace_id = ${namespaceId}`;
}

async function positionsOf(store: Store, namespaceId: number): Promise<Map<string, readonly string[]>> {
  const rows = await storedCounters(store, "minute");
  return new Map(
    [...rows].flatMap(([key, { positions }]) => {
      const own = positions[namespaceId];
      return own === undefined ? [] : [[key, own] as const];
    }),
  );
}

describe("a compacted hour that is damaged", () => {
  test("is set aside with its namespace alone, told once, and heals when it is restored", async ({
    store,
  }) => {
    const fleet = await newFleet(store, 3, 6);
    const [damaged, other] = [first(fleet), first(fleet.slice(1))];
    // What comes late is of all three, in the middle of the hour and behind it.
    const late = fleet.flatMap(({ rows }) => rows.slice(4, 6));
    await append(
      store,
      fleet.flatMap(({ rows }) => [...rows.slice(0, 4), ...rows.slice(6)]),
    );
    await worker(store).rollUp(LATER);
    await compactAll(store.db, LATER);
    const before = await positionsOf(store, damaged.namespaceId);
    expect(before.size).toBeGreaterThan(4);
    await flipHour(store, damaged.namespaceId);

    const commit = committer(store);
    // Nothing tells a duplicate there: it is kept, and merged into one when the hour is back.
    const again = first(damaged.rows);
    expect(new Set(await commit.submit([...late, again]))).toEqual(new Set(["stored"]));
    let now = LATER;
    const { run, said, metrics } = job(store, () => now);
    await run();
    await run();
    expect(await markedShards(store.db)).toEqual([]);
    expect(await positionsOf(store, damaged.namespaceId)).toEqual(before);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/cannot be read.*restore it from a backup/);
    expect(said[0]).toContain(`'${new Date(T0).toISOString()}'`);
    expect(await metrics.registry.metrics()).toMatch(/set_aside_total\{reason="damaged_hour"\} [1-9]/);
    expect(await metrics.registry.metrics()).toMatch(/set_aside_hours 1/);
    expect((await readStorageFacts(store.db, now)).unreadable).toEqual({
      hours: 1,
      since: LATER,
      example: expect.stringContaining("ts.snapshot_hour"),
    });
    const others = await storedCounters(store, "minute");
    const { namespaceId, history } = other;
    for (const [key, { positions }] of expectedCounters([{ namespaceId, history }], MINUTE)) {
      expect(others.get(key as never)?.positions).toMatchObject(positions);
    }
    // Merging goes on for the others too.
    await mergeAll(store.db);
    const [{ n } = { n: 0 }] = await store.db.$queryRaw<{ n: number }[]>`
      SELECT count(*)::int AS n FROM ts.snapshot_late`;
    expect(n).toBe(3);

    // Looked at in vain, and no sooner than it says.
    now += RETRY_MS - 1;
    await run();
    expect(await countAside(store.db, now)).toMatchObject({ dueShards: [] });
    now += 1;
    expect(await countAside(store.db, now)).toMatchObject({
      hours: 1,
      dueShards: [shardOf(other.namespaceId)],
    });
    await run();
    expect(await countAside(store.db, now)).toMatchObject({ hours: 1, dueShards: [] });

    await flipHour(store, damaged.namespaceId);
    now += RETRY_MS;
    await run();
    await run();
    expect(said).toHaveLength(2);
    expect(said[1]).toMatch(/can be read again/);
    expect(await countAside(store.db, now)).toEqual({ hours: 0, dueShards: [] });
    await mergeAll(store.db);
    await worker(store).rollUp(now);
    await expectTables(store, fleet);
  });

  test("readers of it are told which namespace and hour, and readers of others nothing", async ({
    store,
  }) => {
    const fleet = await newFleet(store, 2, 3);
    const [damaged, other] = [first(fleet), first(fleet.slice(1))];
    await append(
      store,
      fleet.flatMap(({ rows }) => rows),
    );
    await compactAll(store.db, LATER);
    await flipHour(store, damaged.namespaceId);
    const reader = new SnapshotReader(new LayoutCache());
    const counterId = (await reader.layouts.counterId(store.db, COUNTER)) ?? -1;
    const range = { from: T0, to: T0 + HOUR };
    const increase = (ids: number[]) => readHostIncrease(reader, store.db, ids, range, counterId);
    const words = {
      code: "UNREADABLE",
      message: expect.stringMatching(
        new RegExp(`namespace ${damaged.namespaceId} in the hour of ${new Date(T0).toISOString()}.*restore`),
      ),
    };
    await expect(increase([damaged.namespaceId])).rejects.toMatchObject(words);
    await expect(readLatest(reader, store.db, damaged.namespaceId, T0 + HOUR)).rejects.toMatchObject(words);
    await expect(readOpenListeners(store.db, [damaged.namespaceId], T0 + HOUR)).rejects.toMatchObject(words);
    expect(await increase([other.namespaceId])).toBe(10);

    // Of a page the others are shown.
    const between = `range: {from: "${new Date(T0).toISOString()}", to: "${new Date(T0 + HOUR).toISOString()}"}`;
    for (const field of ["listeners { port }", `rates(counters: ["${COUNTER}"], ${between}) { total }`]) {
      const errors = await asking(store.db, T0 + HOUR).refused(`{ hosts { edges { node { ${field} } } } }`);
      expect(errors.map(({ originalError }) => originalError)).toEqual([expect.objectContaining(words)]);
    }
  });
});

test.for([
  [
    "an epoch that is gone",
    "no_epoch",
    IN_MINUTE_3,
    ({ db }: Store, { epochId }: SnapshotRow) =>
      db.$executeRaw`UPDATE epoch SET id = ${-epochId}::int WHERE id = ${epochId}`,
    ({ db }: Store, { epochId }: SnapshotRow) =>
      db.$executeRaw`UPDATE epoch SET id = ${epochId} WHERE id = ${-epochId}::int`,
  ],
  [
    "values that are none",
    "damaged_values",
    IN_MINUTE_3,
    ({ db }: Store, { namespaceId }: SnapshotRow) =>
      db.$executeRaw`UPDATE ts.snapshot SET "values" = "values" || '\\x01'::bytea WHERE namespace_id = ${namespaceId}`,
    ({ db }: Store, { namespaceId }: SnapshotRow) => db.$executeRaw`
      UPDATE ts.snapshot SET "values" = substring("values" FOR length("values") - 1) WHERE namespace_id = ${namespaceId}`,
  ],
  [
    "listeners that are none",
    "damaged_listeners",
    // Of a minute that is open no listener is asked for.
    LATER,
    ({ db }: Store, { namespaceId }: SnapshotRow) =>
      db.$executeRaw`UPDATE ts.snapshot SET listeners = listeners || '!'::bytea WHERE namespace_id = ${namespaceId}`,
    ({ db }: Store, { namespaceId }: SnapshotRow) => db.$executeRaw`
      UPDATE ts.snapshot SET listeners = substring(listeners FOR length(listeners) - 1) WHERE namespace_id = ${namespaceId}`,
  ],
] as const)(
  "%s: the other namespaces of its shard go on, open minutes too",
  async ([, reason, start, damage, restore], { store }) => {
    const fleet = await newFleet(store, 3, 4);
    const damaged = first(fleet);
    await append(
      store,
      fleet.flatMap(({ rows }) => rows),
    );
    await damage(store, first(damaged.rows));
    let now: number = start;
    const { run, said, metrics } = job(store, () => now);
    await run();
    now = LATER;
    await run();
    expect(await markedShards(store.db)).toEqual([]);
    expect(said).toHaveLength(1);
    expect(await metrics.registry.metrics()).toMatch(
      new RegExp(`set_aside_total\\{reason="${reason}"\\} [1-9]`),
    );
    await expectTables(store, fleet.slice(1));
    await restore(store, first(damaged.rows));
    now += RETRY_MS;
    await run();
    await worker(store).rollUp(now);
    await expectTables(store, fleet);
  },
);

test("one snapshot that is damaged costs its own minute and the next, when many are caught up with", async ({
  store,
}) => {
  const fleet = await newFleet(store, 2, 8);
  const damaged = first(fleet);
  await append(
    store,
    fleet.flatMap(({ rows }) => rows),
  );
  await store.db.$executeRaw`
    UPDATE ts.snapshot SET "values" = '\\x80' WHERE namespace_id = ${damaged.namespaceId} AND at = ${new Date(T0 + 3.5 * MINUTE)}`;
  await worker(store).rollUp(LATER);
  const rolledUp = [...(await positionsOf(store, damaged.namespaceId)).keys()]
    .filter((key) => key.includes(COUNTER))
    .map((key) => (Number(key.split(" ").at(-1)) - T0) / MINUTE);
  expect(rolledUp.sort()).toEqual([0, 1, 2, 5, 6, 7]);
});

test("a successor that cannot be read keeps the minutes before it from nothing", async ({ store }) => {
  const fleet = await newFleet(store, 2, 61);
  const damaged = first(fleet);
  await append(
    store,
    fleet.flatMap(({ rows }) => rows.slice(-2)),
  );
  await worker(store).rollUp(LATER);
  await compactAll(store.db, LATER);
  await flipHour(store, damaged.namespaceId);
  await append(
    store,
    fleet.flatMap(({ rows }) => rows.slice(0, -2)),
  );
  await worker(store).rollUp(LATER);
  expect(await markedShards(store.db)).toEqual([]);
  await flipHour(store, damaged.namespaceId);
  const { deps } = worker(store);
  expect(await retryAside(deps, shardOf(damaged.namespaceId), LATER + RETRY_MS)).toMatchObject({ healed: 2 });
  await worker(store).rollUp(LATER + RETRY_MS);
  await expectTables(store, fleet);
});
