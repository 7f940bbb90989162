/** Something stored is damaged or gone: it is set aside, told, and heals; everything else goes on. */
import { describe, expect } from "vitest";
import { GroupCommit } from "../../src/ingest/group-commit.ts";
import { rollUp } from "../../src/jobs/roll-up.ts";
import type { Store } from "../../src/store/client.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { readHostIncrease } from "../../src/store/queries/host-series.ts";
import { readLatest } from "../../src/store/queries/latest.ts";
import { readOpenListeners } from "../../src/store/queries/listeners.ts";
import { expirePartitions } from "../../src/store/retention/expire-partitions.ts";
import { expireRows } from "../../src/store/retention/expire-rows.ts";
import { retryAside } from "../../src/store/rollup/retry-aside.ts";
import { rollUpHours } from "../../src/store/rollup/roll-up-hours.ts";
import { countAside, RETRY_MS } from "../../src/store/rollup/set-aside.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";
import { type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { readStorageFacts } from "../../src/store/storage/tables.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { compactAll, mergeAll } from "../support/compaction.ts";
import { expectTables } from "../support/expect-tables.ts";
import { expectedCounters, type NamespaceHistory } from "../support/fleet-oracle.ts";
import type { OracleSnapshot } from "../support/oracle.ts";
import { append, newHost, rowOf, storedCounters, type TestNamespace, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LATER = T0 + 2 * DAY;
const IN_MINUTE_3 = T0 + 3.75 * MINUTE;
const COUNTER = "TcpExtListenOverflows";

/** Hosts of one shard that report each 30 s, with a listener each. */
async function newFleet(store: Store, hosts: number, minutes: number) {
  const fleet: (TestNamespace & NamespaceHistory & { readonly rows: SnapshotRow[] })[] = [];
  for (let host = 0; host < hosts; host++) {
    const namespace = await newHost(store);
    const history = Array.from({ length: minutes * 2 }, (_, index): OracleSnapshot => {
      const at = T0 + index * 30_000 + host;
      const socket = { inode: String(host + 1), drops: index, limit: 128, peakQueue: 1, samplesFull: 0 };
      return {
        at,
        uptimeMs: 1e6 + index * 30_000,
        everyMs: 30_000,
        boot: "boot",
        epoch: 0,
        wordSize: 64,
        values: {
          [COUNTER]: BigInt(index * (host + 1)),
          TcpExtListenDrops: BigInt(index),
          TcpCurrEstab: BigInt(index),
        },
        listeners: { samples: 1, complete: true, sockets: [socket] },
      };
    });
    const rows: SnapshotRow[] = [];
    for (const one of history) rows.push(await rowOf(store, namespace, one));
    fleet.push({ ...namespace, history, rows });
  }
  return fleet;
}

function first<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined) throw new Error("there is one");
  return one;
}

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

/** The job as a worker runs it, with what it logs. */
function job({ db }: Store, now: () => number) {
  const metrics = new Metrics();
  const said: string[] = [];
  const log = createLog("silent");
  log.error = ((facts: object, text: string) => said.push(`${text} ${JSON.stringify(facts)}`)) as never;
  log.info = ((facts: object, text: string) => said.push(`${text} ${JSON.stringify(facts)}`)) as never;
  const added: { readonly name: string; readonly data: unknown }[] = [];
  const addBulk = async (jobs: readonly { name: string; data: unknown }[]) => {
    added.push(...jobs);
  };
  const handle = rollUp({
    ...worker({ db }).deps,
    log,
    metrics,
    now,
    queues: { rollup: { addBulk } } as never,
  });
  const run = async () => {
    await handle({ name: "tick", data: {} });
    for (const one of added.splice(0)) await handle(one);
  };
  return { run, said, metrics };
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

    const commit = new GroupCommit({
      db: store.db,
      partitions: new Partitions(),
      log: createLog("silent"),
      metrics: new Metrics(),
    });
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

test("an hour with a damaged minute waits by itself, and holds nothing back past its retention", async ({
  store,
}) => {
  const fleet = await newFleet(store, 2, 130);
  await append(
    store,
    fleet.flatMap(({ rows }) => rows),
  );
  const shard = shardOf(first(fleet).namespaceId);
  const { deps, rollUp: rollUpAll } = worker(store);
  await rollUpAll(T0 + 30 * MINUTE);
  const damage = () => store.db.$executeRaw`
    UPDATE ts.rollup_minute SET data = '\\xff' WHERE bucket = ${new Date(T0 + 10 * MINUTE)}`;
  await damage();
  const { run, said } = job(store, () => T0 + 2 * DAY);
  await run();
  await run();
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/ts.rollup_minute.*mark the minutes/);
  expect((await storedCounters(store, "hour")).size).toBeGreaterThan(0);
  expect([...(await storedCounters(store, "hour")).keys()].every((key) => !key.endsWith(` ${T0}`))).toBe(
    true,
  );

  // Made anew from the snapshots, as the log says.
  await store.db
    .$executeRaw`INSERT INTO ts.mark (shard, minute) VALUES (${shard}, ${new Date(T0 + 10 * MINUTE)})`;
  await worker(store).rollUp(T0 + 2 * DAY + RETRY_MS);
  await expectTables(store, fleet);
  expect(await countAside(store.db, LATER)).toMatchObject({ hours: 0 });

  await damage();
  await store.db.$executeRaw`INSERT INTO ts.hour_mark (shard, hour) VALUES (${shard}, ${new Date(T0)})`;
  expect(await rollUpHours(deps, shard, LATER)).toMatchObject({ hours: 0, aside: [{ first: T0 }] });
  const retention = { rawMs: 7 * DAY, minuteMs: 30 * DAY, hourMs: 400 * DAY };
  const end = T0 + 32 * DAY;
  expect((await expirePartitions(store.db, retention, end)).waiting).toEqual([]);
  expect(await expireRows(store.db, retention, end)).toMatchObject({ set_aside: 1, hour_mark: 1 });
});
