/** Which parts of a range are read from hours and which from minutes, and that both say the same. */
import { expect } from "vitest";
import { currentLabels, groupNamespaces } from "../../src/store/queries/groups.ts";
import { gridOf } from "../../src/store/queries/range.ts";
import { planSegments } from "../../src/store/queries/resolution.ts";
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
  await store.db
    .$executeRaw`DELETE FROM ts.rollup_minute WHERE bucket < to_timestamp(${kept / 1000}::float8)`;
  await store.db.$executeRaw`DELETE FROM ts.coverage WHERE bucket < to_timestamp(${kept / 1000}::float8)`;
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
