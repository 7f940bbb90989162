import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect } from "vitest";
import { closeHour } from "../../src/store/compaction/close-hour.ts";
import { hoursToCompact, sealHour, shardsToStage } from "../../src/store/compaction/hours.ts";
import { stageShard } from "../../src/store/compaction/stage-shard.ts";
import { readSpan } from "../../src/store/history/span.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { type AppendOutcome, appendSnapshots, type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { committer, count, HOUR, idsOf, T0, test } from "../support/compacted-store.ts";
import { compactAll, mergeAll } from "../support/compaction.ts";
import { appendAll, everyAnswer, type FleetSpan, fleetHistory } from "../support/history.ts";
import { randomOf } from "../support/hours.ts";
import { waitFor } from "../support/wait.ts";

const KILLS = Number(process.env.SPILLWAY_TEST_KILLS ?? 3);
/** Each night 14 days, else two: most of the time goes to making and dropping partitions. */
const NIGHTLY = Number(process.env.SPILLWAY_TEST_RUNS ?? 0) >= 100;
const DAYS = NIGHTLY ? 14 : 2;
const CHILD = fileURLToPath(new URL("../support/compaction.ts", import.meta.url));

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
        const outcomes = [...(await commit.submit([...part, ...part.slice(0, 3)]))];
        // Where each of its tries met an hour just being sealed an agent is told to send again.
        for (;;) {
          const left = outcomes.flatMap((outcome, place) => (outcome === "fault" ? [place] : []));
          if (left.length === 0) break;
          const again = await commit.submit(left.map((place) => part[place % part.length] as SnapshotRow));
          left.forEach((place, index) => {
            outcomes[place] = again[index] as AppendOutcome;
          });
        }
        expect(outcomes.filter((outcome) => outcome === "stored")).toHaveLength(part.length);
        expect(outcomes.filter((outcome) => outcome === "duplicate")).toHaveLength(Math.min(3, part.length));
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
