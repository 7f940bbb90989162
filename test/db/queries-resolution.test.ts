/** Which parts of a range are read from hours and which from minutes, and that both say the same. */
import { expect } from "vitest";
import type { SystemFacts } from "../../src/graphql/context.ts";
import { fleetGrid } from "../../src/graphql/fleet-shape.ts";
import type { Store } from "../../src/store/client.ts";
import { currentLabels, groupNamespaces } from "../../src/store/queries/groups.ts";
import { gridOf } from "../../src/store/queries/range.ts";
import { minutesGone, planSegments } from "../../src/store/queries/resolution.ts";
import { oneStep } from "../../src/store/queries/steps.ts";
import { readTrend } from "../../src/store/queries/trend.ts";
import { plainTrend } from "../support/plain-queries.ts";
import { closeTo, counterOf, HOUR, LATER, MINUTE, plainGroup, T0, test } from "../support/query-world.ts";

test("an hour is read from its minutes while it is marked, cut by a change, or not over", async ({
  world,
}) => {
  const { store } = world;
  const hour = Math.floor(T0 / HOUR) * HOUR + HOUR;
  const range = { from: hour - 10 * MINUTE, to: hour + 3 * HOUR };
  const plan = async (more: { cuts?: number[]; now?: number } = {}) =>
    (await planSegments(store.db, { range, hours: true, now: LATER, ...more })).map(({ of, from, to }) => [
      of,
      (from - hour) / MINUTE,
      (to - hour) / MINUTE,
    ]);
  expect(await plan()).toEqual([
    ["minutes", -10, 0],
    ["hours", 0, 180],
  ]);
  expect(await plan({ cuts: [hour + 61 * MINUTE, hour + 2 * HOUR] })).toEqual([
    ["minutes", -10, 0],
    ["hours", 0, 60],
    ["minutes", 60, 120],
    ["hours", 120, 180],
  ]);
  expect((await plan({ now: hour + 2.5 * HOUR })).at(-1)).toEqual(["minutes", 120, 180]);
  await store.db
    .$executeRaw`INSERT INTO ts.hour_mark (shard, hour) VALUES (7, to_timestamp(${hour / 1000}::float8))`;
  expect(await plan()).toEqual([
    ["minutes", -10, 60],
    ["hours", 60, 180],
  ]);
});

test("hours whose minutes are gone are read whole, and say the same", async ({ world }) => {
  const { store, fleet, snapshots } = world;
  const first = Math.floor(T0 / HOUR) * HOUR;
  const range = { from: first + 30 * MINUTE, to: first + 4 * HOUR };
  const kept = first + 3 * HOUR;
  await dropMinutes(store, kept);
  const grid = gridOf(range, HOUR);
  for (const measure of ["RATE", "INCREASE", "AFFECTED", "PEAK"] as const) {
    const groups = groupNamespaces(fleet, fleet.hosts, ["app"], range, currentLabels);
    const query = { ...counterOf(world, "TcpExtListenOverflows"), range, grid, fleet, now: LATER };
    const plain = plainTrend(snapshots, {
      counter: "TcpExtListenOverflows",
      measure,
      ...grid,
      from: first,
      to: range.to,
      groupOf: plainGroup(world, ["app"], currentLabels),
    });
    const found = await readTrend(store.db, { ...query, measure, groups });
    expect(
      Object.fromEntries(
        groups.labels.map((labels, index) => [JSON.stringify(labels), found[index]?.values]),
      ),
    ).toEqual(
      Object.fromEntries(
        [...plain].map(([key, { values }]) => [
          key,
          values.map((value) => (value === null ? null : closeTo(value))),
        ]),
      ),
    );
  }
});

/** Drops what is kept of minutes before a moment, as retention does. */
async function dropMinutes({ db }: Store, before: number): Promise<void> {
  await db.$executeRaw`DELETE FROM ts.rollup_minute WHERE bucket < to_timestamp(${before / 1000}::float8)`;
  await db.$executeRaw`DELETE FROM ts.coverage WHERE bucket < to_timestamp(${before / 1000}::float8)`;
}

test("an hour whose minutes are gone is read whole also where the range ends in it, or is shorter", async ({
  world,
}) => {
  const { store, fleet, snapshots } = world;
  const first = Math.floor(T0 / HOUR) * HOUR;
  await dropMinutes(store, first + 3 * HOUR);
  for (const [from, to] of [
    [60, 150],
    [75, 150],
    [70, 80],
    [130, 140],
  ] as const) {
    const range = { from: first + from * MINUTE, to: first + to * MINUTE };
    const whole = { from: Math.floor(range.from / HOUR) * HOUR, to: Math.ceil(range.to / HOUR) * HOUR };
    expect(await planSegments(store.db, { range, hours: true, now: LATER })).toEqual([
      { of: "hours", ...whole },
    ]);
    const groups = groupNamespaces(fleet, fleet.hosts, [], range, currentLabels);
    const plain = plainTrend(snapshots, {
      counter: "TcpExtListenOverflows",
      measure: "INCREASE",
      ...oneStep(whole),
      ...whole,
      groupOf: plainGroup(world, [], currentLabels),
    });
    const [expected] = plain.values();
    for (const asked of [null, groups]) {
      const [found] = await readTrend(store.db, {
        ...counterOf(world, "TcpExtListenOverflows"),
        measure: "INCREASE",
        range,
        grid: oneStep(range),
        groups: asked,
        fleet,
        now: LATER,
      });
      expect(found?.values).toEqual(expected?.values);
      expect(String(found?.total)).toBe(String(expected?.total));
      expect(found?.total).not.toBe(0);
    }
  }
  // Of the hour after them the minutes are there.
  const range = { from: first + 2.5 * HOUR, to: first + 3.5 * HOUR };
  expect(await planSegments(store.db, { range, hours: true, now: LATER })).toEqual([
    { of: "hours", from: first + 2 * HOUR, to: first + 3 * HOUR },
    { of: "minutes", from: first + 3 * HOUR, to: range.to },
  ]);
});

test("of what is not kept so fine nothing is told, and steps that nobody has asked for are of hours there", async ({
  world,
}) => {
  const { store, fleet } = world;
  const first = Math.floor(T0 / HOUR) * HOUR;
  const range = { from: first, to: first + 4 * HOUR };
  const asking = (rawRetentionMs: number) => ({
    db: store.db,
    system: { rawRetentionMs } as SystemFacts,
    now: () => LATER,
  });
  expect(await minutesGone(store.db, range)).toBe(false);
  expect((await fleetGrid(asking(HOUR), range, null)).stepMs).toBeLessThan(HOUR);
  await dropMinutes(store, first + 3 * HOUR);
  expect(await minutesGone(store.db, range)).toBe(true);
  expect(await minutesGone(store.db, { ...range, from: first + 3 * HOUR })).toBe(false);
  expect((await fleetGrid(asking(HOUR), range, null)).stepMs).toBe(HOUR);
  expect((await fleetGrid(asking(HOUR), range, 5 * MINUTE)).stepMs).toBe(5 * MINUTE);

  const fine = { from: first, to: first + 2 * HOUR };
  const groups = groupNamespaces(fleet, fleet.hosts, [], fine, currentLabels);
  for (const measure of ["RATE", "INCREASE", "AFFECTED", "PEAK"] as const) {
    for (const asked of [null, groups]) {
      const query = {
        ...counterOf(world, "TcpExtListenOverflows"),
        fleet,
        now: LATER,
        groups: asked,
        measure,
      };
      const [found] = await readTrend(store.db, { ...query, range: fine, grid: gridOf(fine, MINUTE) });
      expect(found?.total).toBeNull();
      const [coarse] = await readTrend(store.db, { ...query, range: fine, grid: gridOf(fine, HOUR) });
      expect(coarse?.total).not.toBeNull();
    }
  }
});

test("who was there all hour is looked for in the minutes of a marked hour, and nowhere where they are gone", async ({
  world,
}) => {
  const { store, fleet } = world;
  const [{ hour } = { hour: Number.NaN }] = await store.db.$queryRaw<{ hour: number }[]>`
    SELECT date_part('epoch', bucket) * 1000 AS hour FROM ts.coverage_hour WHERE steady IS NOT NULL LIMIT 1`;
  const [gone, next] = [hour + 7 * MINUTE, hour + 8 * MINUTE];
  const range = { from: hour - HOUR, to: hour + 2 * HOUR };
  const grid = gridOf(range, MINUTE);
  const valuesAt = async (minutes: readonly number[]) => {
    const query = { ...counterOf(world, "TcpExtSyncookiesSent"), range, grid, fleet, now: LATER };
    const groups = groupNamespaces(fleet, fleet.hosts, [], range, currentLabels);
    for (const measure of ["RATE", "INCREASE"] as const) {
      const [index] = await readTrend(store.db, { ...query, measure, groups: null });
      const [named] = await readTrend(store.db, { ...query, measure, groups });
      expect(named?.values.map((value) => value === null)).toEqual(
        index?.values.map((value) => value === null),
      );
    }
    const [trend] = await readTrend(store.db, { ...query, measure: "INCREASE", groups: null });
    return minutes.map((minute) => trend?.values[(minute - range.from) / MINUTE] ?? null);
  };
  await store.db
    .$executeRaw`DELETE FROM ts.rollup_minute WHERE bucket = to_timestamp(${gone / 1000}::float8)`;
  await store.db.$executeRaw`DELETE FROM ts.coverage WHERE bucket = to_timestamp(${gone / 1000}::float8)`;
  expect(await valuesAt([gone])).toEqual([0]);
  await store.db
    .$executeRaw`INSERT INTO ts.hour_mark (shard, hour) VALUES (7, to_timestamp(${hour / 1000}::float8))`;
  expect(await valuesAt([gone, next])).toEqual([null, expect.any(Number)]);
  await store.db.$executeRaw`DELETE FROM ts.hour_mark`;
  await store.db.$executeRaw`
    DELETE FROM ts.coverage WHERE bucket >= to_timestamp(${hour / 1000}::float8)
      AND bucket < to_timestamp(${(hour + HOUR) / 1000}::float8)`;
  await store.db.$executeRaw`
    DELETE FROM ts.rollup_minute WHERE bucket >= to_timestamp(${hour / 1000}::float8)
      AND bucket < to_timestamp(${(hour + HOUR) / 1000}::float8)`;
  expect(await valuesAt([gone, next])).toEqual([null, null]);
});
