import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect } from "vitest";
import { isEventCounter } from "../../src/catalog/catalog.ts";
import { GroupCommit } from "../../src/ingest/group-commit.ts";
import { compact } from "../../src/jobs/compact.ts";
import { type Db, openStore, type Store } from "../../src/store/client.ts";
import { encodeValues } from "../../src/store/codec/values.ts";
import { closeHour } from "../../src/store/compaction/close-hour.ts";
import { hoursToCompact, sealHour, shardsToStage } from "../../src/store/compaction/hours.ts";
import { stageShard } from "../../src/store/compaction/stage-shard.ts";
import { lastSnapshotAt, readNewest } from "../../src/store/history/newest.ts";
import { readPredecessors } from "../../src/store/history/predecessors.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { readSpan } from "../../src/store/history/span.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";
import { appendSnapshots, type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { compactAll, mergeAll } from "../support/compaction.ts";
import { appendAll, everyAnswer, type FleetSpan, fleetHistory } from "../support/history.ts";
import { randomOf } from "../support/hours.ts";
import { test as base } from "../support/postgres.ts";
import { waitFor } from "../support/wait.ts";

const HOUR = 3_600_000;
const T0 = Date.UTC(2026, 10, 8);
const KILLS = Number(process.env.SPILLWAY_TEST_KILLS ?? 3);
/** Each night 14 days, else two: most of the time goes to making and dropping partitions. */
const NIGHTLY = Number(process.env.SPILLWAY_TEST_RUNS ?? 0) >= 100;
const DAYS = NIGHTLY ? 14 : 2;
const CHILD = fileURLToPath(new URL("../support/compaction.ts", import.meta.url));

const test = base.extend<{ store: Store }>({
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

function committer({ db }: Store) {
  return new GroupCommit({
    db,
    partitions: new Partitions(),
    log: createLog("fatal"),
    metrics: new Metrics(),
  });
}

function idsOf(rows: readonly SnapshotRow[]): number[] {
  return [...new Set(rows.map((row) => row.namespaceId))];
}

async function count({ db }: Store) {
  const [row] = await db.$queryRaw<{ raw: number; late: number; hours: number }[]>`
    SELECT (SELECT count(*)::int FROM ts.snapshot) AS raw, (SELECT count(*)::int FROM ts.snapshot_late) AS late,
           (SELECT coalesce(sum(snapshots), 0)::int FROM ts.snapshot_hour) AS hours`;
  return row;
}

describe("compaction", () => {
  test(`${DAYS} days read the same before and after, through every reader`, async ({ store }) => {
    const span: FleetSpan = { hosts: 4, start: T0, end: T0 + DAYS * 24 * HOUR, everyMs: 120_000 };
    const rows = await fleetHistory(store.db, span);
    await appendAll(store.db, rows);
    const before = await everyAnswer(store.db, idsOf(rows), span);
    expect((before.records as unknown[]).length).toBe(rows.length);

    // Half of it first: readers then look across the border.
    await compactAll(store.db, T0 + (DAYS / 2) * 24 * HOUR);
    expect(await everyAnswer(store.db, idsOf(rows), span)).toEqual(before);
    await compactAll(store.db, span.end);
    expect(await everyAnswer(store.db, idsOf(rows), span)).toEqual(before);
    expect(await count(store)).toEqual({ raw: 0, late: 0, hours: rows.length });
  }, 900_000);

  test("killed in the middle, again and again, it reads the same", async ({ store, databaseUrl }) => {
    const span: FleetSpan = {
      hosts: 3,
      start: T0,
      end: T0 + Math.max(12, KILLS * 4) * HOUR,
      everyMs: 60_000,
    };
    const rows = await fleetHistory(store.db, span);
    await appendAll(store.db, rows);
    const before = await everyAnswer(store.db, idsOf(rows), span);
    const random = randomOf(11);
    let cutShort = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, ["--import", "tsx", CHILD, databaseUrl, String(span.end)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const exited = once(child, "exit");
      await once(child.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, random() * 120));
      child.kill("SIGKILL");
      await exited;
      if ((await hoursToCompact(store.db, span.end)).length > 0) cutShort++;
    }
    expect(cutShort).toBe(KILLS);
    expect(await everyAnswer(store.db, idsOf(rows), span)).toEqual(before);
    // What a killed process left locked goes with its connection.
    await waitFor("the hours to be compacted", async () => {
      await compactAll(store.db, span.end);
      return (await hoursToCompact(store.db, span.end)).length === 0;
    });
    expect(await everyAnswer(store.db, idsOf(rows), span)).toEqual(before);
    expect(await count(store)).toEqual({ raw: 0, late: 0, hours: rows.length });
  }, 600_000);

  test("readers never see a snapshot twice or not at all, while hours close and merge under them", async ({
    store,
  }) => {
    const span: FleetSpan = { hosts: 3, start: T0, end: T0 + (NIGHTLY ? 48 : 10) * HOUR, everyMs: 120_000 };
    const rows = await fleetHistory(store.db, span);
    const late = rows.filter((_, index) => index % 9 === 4);
    await appendAll(
      store.db,
      rows.filter((_, index) => index % 9 !== 4),
    );
    const ids = idsOf(rows);
    const keysOf = async (whose: Parameters<typeof readSpan>[1]) =>
      (await readSpan(store.db, whose, { from: span.start, to: span.end })).map(
        (one) => `${one.namespace_id} ${Math.round(one.at)}`,
      );
    const punctual = new Set(await keysOf({ namespaceIds: ids }));
    const all = new Set(rows.map((row) => `${row.namespaceId} ${row.at}`));

    let over = false;
    let looks = 0;
    const look = async (whose: Parameters<typeof readSpan>[1]) => {
      // What was seen once is seen for ever.
      let seen = punctual;
      while (!over) {
        const keys = await keysOf(whose);
        const now = new Set(keys);
        expect(now.size).toBe(keys.length);
        for (const key of seen) expect(now.has(key), `${key} of look ${looks}`).toBe(true);
        for (const key of now) expect(all.has(key)).toBe(true);
        seen = now;
        looks++;
      }
    };
    const write = async () => {
      const commit = committer(store);
      for (let start = 0; start < late.length; start += 10) {
        const part = late.slice(start, start + 10);
        const outcomes = await commit.submit([...part, ...part.slice(0, 3)]);
        expect(new Set(outcomes.slice(0, part.length))).toEqual(new Set(["stored"]));
        expect(new Set(outcomes.slice(part.length))).toEqual(new Set(["duplicate"]));
      }
    };
    const work = async () => {
      await Promise.all([
        waitFor(
          "the hours to be compacted",
          async () => {
            await compactAll(store.db, span.end);
            return (await hoursToCompact(store.db, span.end)).length === 0;
          },
          { timeoutMs: 60_000 },
        ),
        write(),
      ]);
      await mergeAll(store.db);
      over = true;
    };
    const readers = [look({ namespaceIds: ids }), look({ shard: shardOf(ids[0] ?? 0) })];
    await Promise.all([
      work().finally(() => {
        over = true;
      }),
      ...readers,
    ]);
    expect(looks).toBeGreaterThan(10);
    expect(new Set(await keysOf({ namespaceIds: ids }))).toEqual(all);
    expect(await count(store)).toEqual({ raw: 0, late: 0, hours: rows.length });
  }, 300_000);
});

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

describe("an hour that is in use", () => {
  test("is not sealed while a writer has not committed, and what it wrote is kept", async ({ store }) => {
    const span: FleetSpan = { hosts: 2, start: T0, end: T0 + HOUR, everyMs: 300_000 };
    const rows = await fleetHistory(store.db, span);
    const [first, ...others] = rows;
    if (first === undefined) throw new Error("rows");
    await appendAll(store.db, others);
    await store.db.$transaction(
      async (tx) => {
        await appendSnapshots(tx, [first]);
        expect(await sealHour(store.db, T0)).toBe(false);
      },
      { timeout: 20_000 },
    );
    expect(await sealHour(store.db, T0)).toBe(true);
    expect(await sealHour(store.db, T0)).toBe(true);
    await compactAll(store.db, T0 + HOUR);
    expect(await count(store)).toEqual({ raw: 0, late: 0, hours: rows.length });
  });

  test("a statement that began before the hour was sealed cannot add to it", async ({ store }) => {
    const rows = await fleetHistory(store.db, { hosts: 1, start: T0, end: T0 + HOUR, everyMs: 300_000 });
    await appendAll(store.db, rows);
    const [first] = rows;
    if (first === undefined) throw new Error("rows");
    await store.db.$transaction(async (tx) => {
      // A transaction with a state of its own from before.
      await tx.$executeRaw`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`;
      await tx.$queryRaw`SELECT count(*)::int FROM ts.mark`;
      expect(await sealHour(store.db, T0)).toBe(true);
      await expect(appendSnapshots(tx, [{ ...first, at: first.at + 1 }])).rejects.toThrow(/snapshot_sealed/);
    });
  });

  test("is not dropped while somebody reads, and holds up no writer meanwhile", async ({ store }) => {
    const rows = await fleetHistory(store.db, { hosts: 1, start: T0, end: T0 + 2 * HOUR, everyMs: 300_000 });
    await appendAll(store.db, rows);
    await new Partitions().ensure(store.db, "snapshot_hour", [T0]);
    await sealHour(store.db, T0);
    for (const shard of await shardsToStage(store.db, T0)) await stageShard(store.db, T0, shard);
    const [first] = rows;
    if (first === undefined) throw new Error("rows");
    let waited = 0;
    await store.db.$transaction(
      async (tx) => {
        await readSpan(tx, { namespaceIds: [first.namespaceId] }, { from: T0, to: T0 + HOUR });
        const closing = closeHour(store.db, T0);
        for (let index = 0; index < 20; index++) {
          const began = performance.now();
          await appendSnapshots(store.db, [{ ...first, at: T0 + HOUR + 1000 + index }]);
          waited = Math.max(waited, performance.now() - began);
        }
        expect(await closing).toEqual({ kind: "busy" });
      },
      { timeout: 30_000 },
    );
    expect(waited).toBeLessThan(2_000);
    expect(await closeHour(store.db, T0)).toMatchObject({ kind: "closed" });
    expect(await closeHour(store.db, T0)).toEqual({ kind: "over" });
  });

  test("is not dropped when what was staged is not what is there", async ({ store }) => {
    const rows = await fleetHistory(store.db, { hosts: 2, start: T0, end: T0 + HOUR, everyMs: 300_000 });
    await appendAll(store.db, rows);
    await new Partitions().ensure(store.db, "snapshot_hour", [T0]);
    await sealHour(store.db, T0);
    const [shard = 0] = await shardsToStage(store.db, T0);
    expect(await closeHour(store.db, T0)).toEqual({ kind: "incomplete", shards: [shard] });
    await stageShard(store.db, T0, shard);
    await store.db.$executeRaw`
      DELETE FROM ts.snapshot_hour WHERE namespace_id = ${rows[0]?.namespaceId ?? 0}`;
    expect(await closeHour(store.db, T0)).toEqual({ kind: "incomplete", shards: [shard] });
    expect(await shardsToStage(store.db, T0)).toEqual([shard]);
    expect(await count(store)).toMatchObject({ raw: rows.length });
    await Promise.all([stageShard(store.db, T0, shard), stageShard(store.db, T0, shard)]);
    const closers = await Promise.all([
      closeHour(store.db, T0),
      closeHour(store.db, T0),
      closeHour(store.db, T0),
    ]);
    expect(closers.map(({ kind }) => kind).sort()).toEqual(["closed", "over", "over"]);
    // A stager that comes late finds nothing to do, and takes nothing away.
    expect(await stageShard(store.db, T0, shard)).toEqual({ kind: "over" });
    expect(await count(store)).toEqual({ raw: 0, late: 0, hours: rows.length });
  });
});

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

test("hours that fail each time keep no other from being compacted, and are tried in turn", async ({
  store,
}) => {
  const span: FleetSpan = { hosts: 1, start: T0, end: T0 + 6 * HOUR, everyMs: 600_000 };
  await appendAll(store.db, await fleetHistory(store.db, span));
  const due = await hoursToCompact(store.db, span.end);
  const stuck = due.slice(0, 4);
  for (const hour of stuck) await sealHour(store.db, hour);
  await store.db.$executeRaw`UPDATE ts.compacted_hour SET sealed_at = sealed_at - interval '1 day'`;
  const asked: number[] = [];
  const addBulk = async (jobs: readonly { data: unknown }[]) => {
    for (const { data } of jobs) asked.push((data as { hour: number }).hour);
  };
  const job = compact({
    db: store.db,
    queues: { compact: { addBulk } } as never,
    partitions: new Partitions(),
    log: createLog("fatal"),
    metrics: new Metrics(),
    now: () => T0 + 30 * HOUR,
    compactAfterMs: HOUR,
  });
  await job({ name: "tick", data: {} });
  expect(asked.filter((hour) => !stuck.includes(hour))).toEqual(due.slice(4));
  expect(asked.filter((hour) => stuck.includes(hour))).toHaveLength(1);
});
