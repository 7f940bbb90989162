/** What a tick of compaction takes up, and that no hour keeps the others from it. */
import { expect } from "vitest";
import { type CompactJobDeps, compact } from "../../src/jobs/compact.ts";
import type { Store } from "../../src/store/client.ts";
import { hoursToCompact, hoursToMerge, sealHour, shardsToStage } from "../../src/store/compaction/hours.ts";
import { stageShard } from "../../src/store/compaction/stage-shard.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { committer, count, HOUR, T0, test } from "../support/compacted-store.ts";
import { compactAll } from "../support/compaction.ts";
import { appendAll, fleetHistory } from "../support/history.ts";

const NOW = T0 + 30 * HOUR;

interface Asked {
  readonly name: string;
  readonly hour: number;
}

/** The compact job of a process whose queue only takes note of what is added. */
function job({ db }: Store, more: Partial<CompactJobDeps> = {}) {
  const asked: Asked[] = [];
  const addBulk = async (jobs: readonly { name: string; data: unknown }[]) => {
    for (const { name, data } of jobs) asked.push({ name, hour: (data as { hour: number }).hour });
  };
  const run = compact({
    db,
    queues: { compact: { addBulk } } as never,
    partitions: new Partitions(),
    log: createLog("silent"),
    metrics: new Metrics(),
    now: () => NOW,
    compactAfterMs: HOUR,
    ...more,
  });
  return { run, asked };
}

/** As if every commit were in the rollups. */
async function allRolledUp({ db }: Store): Promise<void> {
  await db.$executeRaw`DELETE FROM ts.mark`;
}

test("hours that fail each time keep no other from being compacted, and are tried in turn", async ({
  store,
}) => {
  const span = { hosts: 1, start: T0, end: T0 + 6 * HOUR, everyMs: 600_000 };
  await appendAll(store.db, await fleetHistory(store.db, span));
  await allRolledUp(store);
  const due = await hoursToCompact(store.db, span.end);
  const stuck = due.slice(0, 4);
  for (const hour of stuck) await sealHour(store.db, hour);
  await store.db.$executeRaw`UPDATE ts.compacted_hour SET sealed_at = sealed_at - interval '1 day'`;
  const { run, asked } = job(store);
  await run({ name: "tick", data: {} });
  const hours = asked.map(({ hour }) => hour);
  expect(hours.filter((hour) => !stuck.includes(hour))).toEqual(due.slice(4));
  expect(hours.filter((hour) => stuck.includes(hour))).toHaveLength(1);
});

test("an hour that cannot be closed keeps neither the others from being compacted nor late snapshots from being merged", async ({
  store,
}) => {
  const span = { hosts: 1, start: T0, end: T0 + 4 * HOUR, everyMs: 600_000 };
  const rows = await fleetHistory(store.db, span);
  const [late, ...punctual] = rows;
  if (late === undefined) throw new Error("rows");
  await appendAll(store.db, punctual);
  await allRolledUp(store);
  await compactAll(store.db, T0 + HOUR);
  expect(await committer(store).submit([late])).toEqual(["stored"]);
  const [viewed = 0, ...others] = await hoursToCompact(store.db, span.end);
  // Somebody's view: the partition cannot be dropped.
  const partition = `ts.snapshot_${new Date(viewed).toISOString().replace(/\D/g, "").slice(0, 10)}`;
  await store.db.$executeRawUnsafe(`CREATE VIEW mine AS SELECT * FROM ${partition}`);
  await sealHour(store.db, viewed);
  for (const shard of await shardsToStage(store.db, viewed)) await stageShard(store.db, viewed, shard);

  const { run, asked } = job(store);
  await run({ name: "tick", data: {} });
  expect(asked.filter(({ name }) => name === "shard").map(({ hour }) => hour)).toEqual(others);
  expect(asked.filter(({ name }) => name === "merge")).toEqual([{ name: "merge", hour: T0 }]);
  await run({ name: "merge", data: { hour: T0 } });
  expect(await hoursToMerge(store.db)).toEqual([]);

  await store.db.$executeRaw`DROP VIEW mine`;
  await run({ name: "tick", data: {} });
  expect(await hoursToCompact(store.db, span.end)).toEqual(others);
});

test("an hour of which something waits to be rolled up is not sealed, for two days at most", async ({
  store,
}) => {
  const span = { hosts: 1, start: T0, end: T0 + 3 * HOUR, everyMs: 600_000 };
  await appendAll(store.db, await fleetHistory(store.db, span));
  await store.db.$executeRaw`DELETE FROM ts.mark WHERE minute >= ${new Date(T0 + HOUR)}`;
  const { run, asked } = job(store);
  await run({ name: "tick", data: {} });
  expect(asked.map(({ hour }) => hour)).toEqual([T0 + HOUR, T0 + 2 * HOUR]);
  // One that is sealed goes on, whatever comes late for it.
  await store.db.$executeRaw`UPDATE ts.mark SET minute = ${new Date(T0 + HOUR)}`;
  asked.length = 0;
  await run({ name: "tick", data: {} });
  expect(asked.map(({ hour }) => hour)).toEqual([T0, T0 + HOUR, T0 + 2 * HOUR]);
});

test("an hour that fills for days is compacted all the same", async ({ store }) => {
  const span = { hosts: 1, start: T0, end: T0 + HOUR, everyMs: 600_000 };
  await appendAll(store.db, await fleetHistory(store.db, span));
  for (const [now, hours] of [
    [span.end + 48 * HOUR - 1, []],
    [span.end + 48 * HOUR, [T0]],
  ] as const) {
    const { run, asked } = job(store, { now: () => now });
    await run({ name: "tick", data: {} });
    expect(asked.map(({ hour }) => hour)).toEqual(hours);
  }
});

test("a job that merges gives way, and goes on when it is added again", async ({ store }) => {
  const span = { hosts: 20, start: T0, end: T0 + HOUR, everyMs: 600_000 };
  const rows = await fleetHistory(store.db, span);
  const late = rows.filter((_, index) => index % 2 === 0);
  await appendAll(
    store.db,
    rows.filter((_, index) => index % 2 === 1),
  );
  await compactAll(store.db, span.end);
  await committer(store).submit(late);
  const left = async () => (await count(store))?.late ?? 0;
  expect(await left()).toBe(late.length);
  // Each look at the clock finds it half a minute on.
  let now = NOW;
  const { run } = job(store, { now: () => (now += 30_000) });
  const merge = { name: "merge", data: { hour: T0 } };
  await run(merge);
  const after = await left();
  expect(after).toBeGreaterThan(0);
  expect(after).toBeLessThan(late.length);
  while ((await hoursToMerge(store.db)).length > 0) await run(merge);
  expect(await count(store)).toEqual({ raw: 0, late: 0, hours: rows.length });
});
