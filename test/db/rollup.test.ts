import { randomBytes, randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { isEventCounter } from "../../src/catalog/catalog.ts";
import { layoutHash } from "../../src/protocol/layout.ts";
import { openStore, type Store } from "../../src/store/client.ts";
import { decodePositions } from "../../src/store/codec/positions.ts";
import { encodeValues } from "../../src/store/codec/values.ts";
import { registerEpoch } from "../../src/store/epochs.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { registerHost } from "../../src/store/hosts.ts";
import { LayoutCache, registerLayout } from "../../src/store/layouts.ts";
import { registerRoot } from "../../src/store/namespaces.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";
import { appendSnapshots, type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { type OracleSnapshot, oracleMinutes } from "../support/oracle.ts";
import { test as base } from "../support/postgres.ts";

const NAMES = ["TcpExtListenOverflows", "TcpExtListenDrops", "TcpActiveOpens", "TcpPassiveOpens"];
const T0 = Date.UTC(2026, 10, 22, 12);
const LATER = T0 + 3 * 24 * 3_600_000;
const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 12);

const test = base.extend<{ store: Store }>({
  store: async ({ databaseUrl }, use) => {
    const store = openStore({
      url: databaseUrl,
      poolSize: 6,
      statementTimeoutMs: 20_000,
      applicationName: "test",
      onError: () => undefined,
    });
    await use(store);
    await store.close();
  },
});

/** Everything that writes and rolls up, as separate processes would have it: nothing cached is shared. */
function worker({ db }: Store) {
  const deps = {
    db,
    reader: new SnapshotReader(new LayoutCache()),
    partitions: new Partitions(),
    isEventCounter,
  };
  return {
    rollUp: async (now: number) => {
      for (const shard of await markedShards(db)) {
        for (;;) {
          const outcome = await rollUpShard(deps, shard, now);
          if (outcome.kind === "busy" || !outcome.more) break;
        }
      }
    },
  };
}

async function newHost({ db }: Store) {
  const facts = { name: "h", machineId: null, labels: {} };
  const host = await registerHost(db, randomUUID(), randomBytes(32), facts);
  const hash = layoutHash(NAMES);
  const layout = await registerLayout(db, hash, NAMES);
  if (layout === null) throw new Error("no layout");
  return { hostId: host.id, namespaceId: await registerRoot(db, host.id), layoutId: layout.id };
}

type TestHost = Awaited<ReturnType<typeof newHost>>;

async function rowOf(store: Store, host: TestHost, one: OracleSnapshot): Promise<SnapshotRow> {
  const epochId = await registerEpoch(store.db, host.hostId, {
    bootId: one.boot,
    number: one.epoch,
    kernel: "6.12",
    arch: "x86_64",
    wordSize: one.wordSize,
  });
  return {
    namespaceId: host.namespaceId,
    at: one.at,
    epochId,
    uptimeMs: one.uptimeMs,
    everyMs: one.everyMs,
    flags: 0,
    layoutId: host.layoutId,
    listeners: null,
    values: encodeValues(
      NAMES.map((name) => {
        const value = one.values[name];
        return value === undefined ? null : value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
      }),
    ),
  };
}

/** The rollups of one namespace, in the oracle's form. */
async function stored({ db }: Store, namespaceId: number) {
  const rows = await db.$queryRaw<{ name: string; minute: number; data: Uint8Array }[]>`
    SELECT c.name, date_part('epoch', r.bucket) * 1000 AS minute, r.data
    FROM ts.rollup_minute r JOIN counter c ON c.id = r.counter_id WHERE r.shard = ${shardOf(namespaceId)}`;
  const minutes = new Map<string, { total: bigint; unrated: bigint }>();
  for (const { name, minute, data } of rows) {
    for (const { position, value, unrated } of decodePositions(data)) {
      if (position !== namespaceId % 256) continue;
      minutes.set(`${name} ${Math.round(minute)}`, { total: BigInt(value), unrated: BigInt(unrated) });
    }
  }
  return minutes;
}

async function append(store: Store, rows: readonly SnapshotRow[]) {
  await new Partitions().ensure(
    store.db,
    "snapshot",
    rows.map((row) => row.at),
  );
  return appendSnapshots(store.db, rows);
}

/** One thing that happens to a host between two snapshots. */
const happening = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("tick" as const),
      grow: fc.array(fc.nat(50), { minLength: 4, maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("gap" as const), seconds: fc.integer({ min: 15, max: 4_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("reboot" as const),
      downSeconds: fc.integer({ min: 0, max: 300 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("epoch" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fall" as const), counter: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("absent" as const), counter: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("huge" as const), counter: fc.nat(3) }) },
);

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** The snapshots of a host that these things happened to. */
function historyOf(happenings: readonly Happening[], wordSize: 32 | 64): OracleSnapshot[] {
  const top = wordSize === 32 ? 2n ** 32n : 2n ** 64n;
  let boot = randomUUID();
  let epoch = 0;
  let at = T0;
  let bootedAt = T0 - 5_000_000;
  let values = wordSize === 32 ? [4_294_967_200n, 10n, 0n, 5n] : [3n, 10n, 0n, 5n];
  const history: OracleSnapshot[] = [];
  const read = (without?: number) => {
    at += 10_000;
    const present = NAMES.flatMap((name, index) =>
      index === without ? [] : [[name, values[index] ?? 0n] as const],
    );
    history.push({
      at,
      uptimeMs: at - bootedAt,
      everyMs: 10_000,
      boot,
      epoch,
      wordSize,
      values: Object.fromEntries(present),
    });
  };
  for (const one of happenings) {
    switch (one.kind) {
      case "tick":
        values = values.map((value, index) => (value + BigInt(one.grow[index] ?? 0)) % top);
        read();
        break;
      case "gap":
        at += one.seconds * 1000;
        values = values.map((value) => value + 1n);
        read();
        break;
      case "reboot":
        at += one.downSeconds * 1000;
        boot = randomUUID();
        epoch = 0;
        bootedAt = at + 1;
        values = [2n, 0n, 1n, 0n];
        read();
        break;
      case "epoch":
        epoch++;
        read();
        break;
      case "fall":
        values = values.map((value, index) => (index === one.counter ? value / 2n : value + 1n));
        read();
        break;
      case "absent":
        read(one.counter);
        break;
      case "huge":
        values = values.map((value, index) => (index === one.counter ? top - 1n - BigInt(index) : value));
        read();
        break;
    }
  }
  return history;
}

describe("rollups", () => {
  test("equal the oracle's for any history, in any order, with duplicates, by several writers and workers", async ({
    store,
  }) => {
    const scenario = fc.record({
      happenings: fc.array(happening, { minLength: 2, maxLength: 60 }),
      wordSize: fc.constantFrom<32 | 64>(32, 64),
      order: fc.infiniteStream(fc.nat(1_000)),
      batch: fc.integer({ min: 1, max: 9 }),
      between: fc.infiniteStream(fc.integer({ min: 0, max: 7_200_000 })),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ happenings, wordSize, order, batch, between }) => {
        const host = await newHost(store);
        const history = historyOf(happenings, wordSize);
        const rows = await Promise.all(history.map((one) => rowOf(store, host, one)));
        const shuffled = rows
          .flatMap((row) => [row, row])
          .map((row) => ({ row, key: order.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ row }) => row);
        const workers = [worker(store), worker(store)];
        for (let start = 0; start < shuffled.length; start += batch * 2) {
          const now = T0 + (between.next().value ?? 0);
          await Promise.all([
            append(store, shuffled.slice(start, start + batch)),
            append(store, shuffled.slice(start + batch, start + batch * 2)),
            ...workers.map((one) => one.rollUp(now)),
          ]);
        }
        await workers[0]?.rollUp(LATER);
        expect(await stored(store, host.namespaceId)).toEqual(oracleMinutes(history));
        expect(await markedShards(store.db)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  }, 300_000);

  test("a snapshot committed while a worker reads is not lost: its mark outlives the run", async ({
    store,
  }) => {
    const host = await newHost(store);
    const boot = randomUUID();
    const one = (at: number, overflows: bigint): OracleSnapshot => ({
      at,
      uptimeMs: at - T0 + 1e6,
      everyMs: 10_000,
      boot,
      epoch: 0,
      wordSize: 64,
      values: {
        TcpExtListenOverflows: overflows,
        TcpExtListenDrops: overflows,
        TcpActiveOpens: 1n,
        TcpPassiveOpens: 1n,
      },
    });
    const history = [one(T0 + 10_000, 0n), one(T0 + 20_000, 4n), one(T0 + 30_000, 9n)];
    const [first, second, third] = await Promise.all(history.map((each) => rowOf(store, host, each)));
    if (first === undefined || second === undefined || third === undefined) throw new Error("three rows");
    await append(store, [first, third]);

    // An ingest has inserted, and has not committed, while the worker takes the marks it can see.
    let commit: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      commit = resolve;
    });
    let inserted: () => void = () => undefined;
    const isInserted = new Promise<void>((resolve) => {
      inserted = resolve;
    });
    const ingest = store.db.$transaction(
      async (tx) => {
        await appendSnapshots(tx, [second]);
        inserted();
        await held;
      },
      { timeout: 20_000 },
    );
    await isInserted;
    await worker(store).rollUp(LATER);
    expect((await stored(store, host.namespaceId)).get(`TcpExtListenOverflows ${T0}`)?.total).toBe(9n);
    commit();
    await ingest;
    expect(await store.db.$queryRaw`SELECT count(*)::int AS marks FROM ts.mark`).toEqual([{ marks: 1 }]);
    await worker(store).rollUp(LATER);
    expect(await stored(store, host.namespaceId)).toEqual(oracleMinutes(history));
  });

  test("a late snapshot mends the minute of the one after it", async ({ store }) => {
    const host = await newHost(store);
    const boot = randomUUID();
    const history = [0, 50, 130].map((seconds, index): OracleSnapshot => {
      const at = T0 + seconds * 1000;
      const values = { TcpExtListenOverflows: BigInt(index * 100), TcpActiveOpens: 7n };
      return { at, uptimeMs: at - T0 + 1e6, everyMs: 60_000, boot, epoch: 0, wordSize: 64, values };
    });
    const rows = await Promise.all(history.map((each) => rowOf(store, host, each)));
    await append(
      store,
      rows.filter((_, index) => index !== 1),
    );
    await worker(store).rollUp(LATER);
    expect((await stored(store, host.namespaceId)).get(`TcpExtListenOverflows ${T0 + 120_000}`)?.total).toBe(
      200n,
    );
    await append(store, rows.slice(1, 2));
    await worker(store).rollUp(LATER);
    expect(await stored(store, host.namespaceId)).toEqual(oracleMinutes(history));
  });

  test("an open minute has its event counters at once, and the rest when it is over", async ({ store }) => {
    const host = await newHost(store);
    const boot = randomUUID();
    const history = [5, 15].map((seconds, index): OracleSnapshot => {
      const at = T0 + seconds * 1000;
      const values = { TcpExtListenOverflows: BigInt(index * 3), TcpActiveOpens: BigInt(index * 8) };
      return { at, uptimeMs: at - T0 + 1e6, everyMs: 10_000, boot, epoch: 0, wordSize: 64, values };
    });
    await append(store, await Promise.all(history.map((each) => rowOf(store, host, each))));
    await worker(store).rollUp(T0 + 20_000);
    expect([...(await stored(store, host.namespaceId)).keys()]).toEqual([`TcpExtListenOverflows ${T0}`]);
    expect(await markedShards(store.db)).toEqual([shardOf(host.namespaceId)]);
    await worker(store).rollUp(T0 + 60_000);
    expect(await stored(store, host.namespaceId)).toEqual(oracleMinutes(history));
    expect(await markedShards(store.db)).toEqual([]);
  });

  test("a worker that finds the shard taken leaves it alone", async ({ store }) => {
    const host = await newHost(store);
    const boot = randomUUID();
    const values = { TcpActiveOpens: 1n };
    const one: OracleSnapshot = {
      at: T0,
      uptimeMs: 1e6,
      everyMs: 10_000,
      boot,
      epoch: 0,
      wordSize: 64,
      values,
    };
    await append(store, [await rowOf(store, host, one)]);
    const shard = shardOf(host.namespaceId);
    const deps = {
      db: store.db,
      reader: new SnapshotReader(new LayoutCache()),
      partitions: new Partitions(),
      isEventCounter,
    };
    await store.db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(${0x5350_0001}::int, ${shard}::int)::text`;
      expect(await rollUpShard(deps, shard, LATER)).toEqual({ kind: "busy" });
    });
    expect(await rollUpShard(deps, shard, LATER)).toMatchObject({ kind: "done", minutes: 1 });
  });
});

test("rows that come three times at once are stored once, and told apart", async ({ store }) => {
  const host = await newHost(store);
  const boot = randomUUID();
  const rows = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      rowOf(store, host, {
        at: T0 + index * 10_000,
        uptimeMs: 1e6 + index * 10_000,
        everyMs: 10_000,
        boot,
        epoch: 0,
        wordSize: 64,
        values: { TcpActiveOpens: BigInt(index) },
      }),
    ),
  );
  await new Partitions().ensure(
    store.db,
    "snapshot",
    rows.map((row) => row.at),
  );
  const outcomes = (
    await Promise.all([rows, [...rows].reverse(), rows].map((batch) => appendSnapshots(store.db, batch)))
  ).flat();
  expect(outcomes.filter((outcome) => outcome === "stored")).toHaveLength(50);
  expect(outcomes.filter((outcome) => outcome === "duplicate")).toHaveLength(100);

  const [first] = rows;
  if (first === undefined) throw new Error("rows");
  const other = { ...first, values: encodeValues([null, null, 77, null]) };
  expect(await appendSnapshots(store.db, [other, first, other])).toEqual([
    "conflict",
    "duplicate",
    "conflict",
  ]);
  expect(await store.db.$queryRaw`SELECT count(*)::int AS n FROM ts.snapshot`).toEqual([{ n: 50 }]);
});
