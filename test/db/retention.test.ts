import { Client } from "pg";
import { describe, expect } from "vitest";
import { retain } from "../../src/jobs/retain.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { type PartitionedTable, Partitions } from "../../src/store/partitions.ts";
import { dropPartition } from "../../src/store/retention/drop-partition.ts";
import { expirePartitions } from "../../src/store/retention/expire-partitions.ts";
import { listPartitions } from "../../src/store/retention/partition-list.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { FORGETTING } from "../support/graphql-sources.ts";
import { addSnapshot, DAY, HOUR, makePartitions as make, NOW, RETENTION } from "../support/retention.ts";
import { newHost } from "../support/rollups.ts";
import { openTestStore, test } from "../support/store.ts";

async function names(db: PrismaClient, ...tables: PartitionedTable[]): Promise<string[]> {
  const all = await listPartitions(db);
  return all.filter(({ table }) => tables.includes(table)).map(({ name }) => name);
}

async function client(url: string): Promise<Client> {
  const connection = new Client({ connectionString: url });
  await connection.connect();
  return connection;
}

describe("partitions", () => {
  test("go when all of them is past the retention of their table, and not before", async ({
    store: { db },
  }) => {
    await make(db, "snapshot", 7 * DAY + 31 * 60_000, 7 * DAY + 29 * 60_000, 7 * DAY, 0);
    await make(db, "snapshot_hour", 9 * DAY, 7 * DAY);
    await make(db, "rollup_minute", 31.6 * DAY, 30 * DAY);
    await make(db, "rollup_hour", 420 * DAY, 400 * DAY);
    const { dropped, waiting } = await expirePartitions(db, RETENTION, NOW);
    expect(waiting).toEqual([]);
    expect(dropped.map(({ name }) => name)).toEqual([
      "rollup_hour_2025092500",
      "rollup_minute_2026102100",
      "snapshot_2026111511",
      "snapshot_hour_2026111300",
    ]);
    expect(await names(db, "snapshot", "snapshot_hour", "rollup_minute", "rollup_hour")).toEqual([
      "rollup_hour_2025101600",
      "rollup_minute_2026102300",
      "snapshot_2026111512",
      "snapshot_2026112212",
      "snapshot_hour_2026111500",
    ]);
    expect((await expirePartitions(db, RETENTION, NOW)).dropped).toEqual([]);
  });

  test("that rollups have not done with wait, and go when they have", async ({ store: { db } }) => {
    await make(db, "snapshot", 9 * DAY, 8 * DAY, 7 * DAY + 2 * HOUR);
    await make(db, "rollup_minute", 40 * DAY, 35 * DAY);
    await db.$executeRaw`INSERT INTO ts.mark (shard, minute) VALUES (1, ${new Date(NOW - 7.2 * DAY)})`;
    await db.$executeRaw`INSERT INTO ts.hour_mark (shard, hour) VALUES (1, ${new Date(NOW - 36 * DAY)})`;
    const first = await expirePartitions(db, RETENTION, NOW);
    expect(first.dropped.map(({ name }) => name)).toEqual([
      "rollup_minute_2026101300",
      "snapshot_2026111312",
    ]);
    expect(first.waiting.map(({ partition, reason }) => [partition.name, reason])).toEqual([
      ["rollup_minute_2026101800", "unfinished"],
      ["snapshot_2026111412", "unfinished"],
      ["snapshot_2026111510", "unfinished"],
    ]);
    await db.$executeRaw`DELETE FROM ts.mark`;
    await db.$executeRaw`DELETE FROM ts.hour_mark`;
    const second = await expirePartitions(db, RETENTION, NOW);
    expect([second.dropped.length, second.waiting.length]).toEqual([3, 0]);
  });

  test("that were detached, wholly or half-way, go as well", async ({ databaseUrl, store: { db } }) => {
    await make(db, "snapshot", 9 * DAY, 8 * DAY, 8 * DAY - HOUR);
    const [detached = "", pending = "", attached = ""] = await names(db, "snapshot");
    await db.$executeRawUnsafe(`ALTER TABLE ts.snapshot DETACH PARTITION ts.${detached}`);
    // A concurrent detach whose second half waits for a reader, and is then cut off.
    const [reader, detacher] = [await client(databaseUrl), await client(databaseUrl)];
    await reader.query(`BEGIN; SELECT count(*) FROM ts.snapshot`);
    await detacher.query(`SET lock_timeout = '200ms'`);
    await expect(
      detacher.query(`ALTER TABLE ts.snapshot DETACH PARTITION ts.${pending} CONCURRENTLY`),
    ).rejects.toMatchObject({ code: "55P03" });
    await reader.query("ROLLBACK");
    const { rows } = await detacher.query(
      `SELECT inhdetachpending AS pending FROM pg_inherits WHERE inhrelid = 'ts.${pending}'::regclass`,
    );
    expect(rows).toEqual([{ pending: true }]);
    await Promise.all([reader.end(), detacher.end()]);

    const { dropped } = await expirePartitions(db, RETENTION, NOW);
    expect(dropped.map(({ name }) => name)).toEqual([detached, pending, attached]);
    expect(await names(db, "snapshot")).toEqual([]);
  });

  test("that a query reads are left after a moment; pushes go on meanwhile; the next run drops them", async ({
    databaseUrl,
    store: { db },
  }) => {
    await make(db, "snapshot", 8 * DAY, 8 * DAY - HOUR, 0);
    await make(db, "rollup_minute", 40 * DAY);
    const reader = await client(databaseUrl);
    await reader.query("BEGIN");
    await reader.query("SELECT count(*) FROM ts.snapshot");

    let done = false;
    const run = expirePartitions(db, RETENTION, NOW).finally(() => {
      done = true;
    });
    let slowest = 0;
    let inserts = 0;
    while (!done) {
      const began = performance.now();
      await addSnapshot(db, 256, NOW + inserts);
      slowest = Math.max(slowest, performance.now() - began);
      inserts++;
    }
    const { dropped, waiting } = await run;
    expect(dropped.map(({ table }) => table)).toEqual(["rollup_minute"]);
    // One is tried, and not the others of a table that readers hold.
    expect(waiting.map(({ partition, reason }) => [partition.name, reason])).toEqual([
      ["snapshot_2026111412", "locked"],
    ]);
    expect(inserts).toBeGreaterThan(5);
    expect(slowest).toBeLessThan(2_000);

    await reader.query("COMMIT");
    await reader.end();
    expect((await expirePartitions(db, RETENTION, NOW)).dropped.map(({ name }) => name)).toEqual([
      "snapshot_2026111412",
      "snapshot_2026111413",
    ]);
    const [{ n } = { n: 0 }] = await db.$queryRaw<
      { n: number }[]
    >`SELECT count(*)::int AS n FROM ts.snapshot`;
    expect(n).toBe(inserts);
  });

  test("are dropped by one process at a time; what is gone is as good as dropped", async ({
    databaseUrl,
    store: { db },
  }) => {
    await make(db, "snapshot", 8 * DAY);
    const other = await client(databaseUrl);
    await other.query("BEGIN");
    await other.query(`SELECT pg_advisory_xact_lock(${0x5350_0003}, 0)`);
    expect(await dropPartition(db, "snapshot_2026111412")).toBe("busy");
    expect((await expirePartitions(db, RETENTION, NOW)).dropped).toEqual([]);
    await other.query("ROLLBACK");
    // Shard 0 is being rolled up, and staged: neither is about partitions.
    await other.query("BEGIN");
    await other.query(
      `SELECT pg_advisory_xact_lock(${0x5350_0001}, 0), pg_advisory_xact_lock(${0x5350_0002}, 0)`,
    );
    expect(await dropPartition(db, "snapshot_2026111412")).toBe("dropped");
    await other.query("ROLLBACK");
    await other.end();
    expect(await dropPartition(db, "snapshot_2026111412")).toBe("dropped");
    await expect(dropPartition(db, 'x"; DROP TABLE host; --')).rejects.toThrow(/not the name/);
  });

  test("dropped half-way are there as before: a process that dies drops nothing", async ({
    databaseUrl,
    store: { db },
  }) => {
    await addSnapshot(db, 256, NOW - 8 * DAY);
    await db.$executeRaw`DELETE FROM ts.mark`;
    const dying = openTestStore(databaseUrl, 1);
    const cut = dying.db.$transaction(async (tx) => {
      await tx.$executeRaw`DROP TABLE ts.snapshot_2026111412`;
      const [{ pid } = { pid: 0 }] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
      await db.$executeRaw`SELECT pg_terminate_backend(${pid}::int)`;
      await tx.$executeRaw`SELECT 1`;
    });
    await expect(cut).rejects.toThrow();
    await dying.close();
    expect(await names(db, "snapshot")).toEqual(["snapshot_2026111412"]);
    expect((await expirePartitions(db, RETENTION, NOW)).dropped).toHaveLength(1);
  });
});

function jobOf(db: PrismaClient, log = createLog("silent"), metrics = new Metrics()) {
  const common = { db, log, metrics, now: () => NOW };
  return retain({ ...common, partitions: new Partitions(), retention: RETENTION, forgetting: FORGETTING });
}

test("the job drops, counts, and says what waits and why", async ({ store: { db } }) => {
  const metrics = new Metrics();
  const said: string[] = [];
  const log = createLog("silent");
  log.warn = ((facts: object, text: string) => said.push(`${JSON.stringify(facts)} ${text}`)) as never;
  const job = jobOf(db, log, metrics);
  await make(db, "snapshot", 9 * DAY, 8 * DAY);
  await db.$executeRaw`INSERT INTO ts.mark (shard, minute) VALUES (1, ${new Date(NOW - 8 * DAY)})`;
  await job({ name: "make-partitions", data: {} });
  await job({ name: "expire", data: {} });
  expect(said).toEqual([
    expect.stringMatching(
      /^\{"partitions":\["snapshot_2026111312","snapshot_2026111412"\]\} .*not rolled up/,
    ),
  ]);
  expect(await metrics.registry.metrics()).toMatch(/waiting_partitions\{reason="unfinished"\} 2/);
  await db.$executeRaw`DELETE FROM ts.mark`;
  await job({ name: "expire", data: {} });
  const text = await metrics.registry.metrics();
  expect(text).toMatch(/waiting_partitions\{reason="unfinished"\} 0/);
  expect(text).toMatch(/dropped_partitions_total\{table="snapshot"\} 2/);
  expect(await names(db, "snapshot")).toHaveLength(3);
  await expect(job({ name: "other", data: {} })).rejects.toMatchObject({ code: "INTERNAL" });
});

test("what cannot be dropped keeps nothing else from going, and fails the job in the end", async ({
  store,
}) => {
  const { db } = store;
  await make(db, "snapshot", 10 * DAY, 9 * DAY, 8 * DAY);
  // Somebody's view.
  await db.$executeRaw`CREATE VIEW mine AS SELECT * FROM ts.snapshot_2026111312`;
  const { hostId } = await newHost(store);
  await db.host.updateMany({
    data: { firstSeen: new Date(NOW - 9 * DAY), forgottenAt: new Date(NOW - DAY) },
  });
  await expect(jobOf(db)({ name: "expire", data: {} })).rejects.toThrow(/snapshot_2026111312/);
  expect(await names(db, "snapshot")).toEqual(["snapshot_2026111312"]);
  expect(await db.host.findUnique({ where: { id: hostId } })).toBeNull();
});
