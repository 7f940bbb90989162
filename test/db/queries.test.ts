import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { lossShare, lostHandshakes } from "../../src/rates/loss.ts";
import { openStore, type Store } from "../../src/store/client.ts";
import { type Fleet, FleetView } from "../../src/store/fleet-view.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import { readGaugeTrend } from "../../src/store/queries/gauge-trend.ts";
import { currentLabels, groupNamespaces, type LabelsOverTime } from "../../src/store/queries/groups.ts";
import { readHandshakeLoss, readHandshakes } from "../../src/store/queries/handshakes.ts";
import { readHeatmap } from "../../src/store/queries/heatmap.ts";
import { readLongIncrease, readRolledUpSeries } from "../../src/store/queries/host-rollups.ts";
import { readHostIncrease } from "../../src/store/queries/host-series.ts";
import { gridOf } from "../../src/store/queries/range.ts";
import { planSegments } from "../../src/store/queries/resolution.ts";
import { readTop } from "../../src/store/queries/top.ts";
import { readTrend } from "../../src/store/queries/trend.ts";
import { grownBy, type PlainMeasure, plainTrend } from "../support/plain-queries.ts";
import { test as base } from "../support/postgres.ts";
import {
  type FleetSnapshot,
  rollUpAll,
  type StoredHost,
  storeHost,
  storeSnapshots,
} from "../support/stored-fleet.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const T0 = Date.UTC(2026, 10, 22, 11, 20);
const LENGTH = 4 * HOUR;
const LATER = T0 + 24 * HOUR;
const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 40);
const NAMES = [
  "TcpPassiveOpens",
  "TcpExtListenOverflows",
  "TcpExtTCPReqQFullDrop",
  "TcpExtSyncookiesSent",
  "TcpExtSyncookiesRecv",
  "TcpExtSyncookiesFailed",
  "TcpCurrEstab",
] as const;

interface World {
  readonly store: Store;
  readonly hosts: readonly StoredHost[];
  readonly fleet: Fleet;
  readonly snapshots: readonly FleetSnapshot[];
  readonly counters: ReadonlyMap<string, { readonly id: number; readonly layoutIds: readonly number[] }>;
}

/** Numbers from 0 to 1, the same for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** A namespace's life: intervals of its own, pauses, restarts, counters that stand still or leap. */
function historyOf(host: StoredHost, namespaceId: number, seed: number): FleetSnapshot[] {
  const next = random(seed);
  const everyMs = [45_000, 60_000, 120_000][Math.floor(next() * 3)] ?? 60_000;
  const snapshots: FleetSnapshot[] = [];
  let [boot, epoch, bootedAt] = [randomUUID() as string, 0, T0 - 10 * HOUR];
  let values = NAMES.map(() => BigInt(Math.floor(next() * 1_000)));
  if (next() < 0.3) values[1] = 2n ** 63n;
  for (
    let at = T0 + Math.floor(next() * everyMs);
    at < T0 + LENGTH;
    at += everyMs + Math.floor(next() * 90)
  ) {
    if (next() < 0.01) at += Math.floor(next() * 40) * MINUTE;
    const event = next();
    if (event < 0.005) {
      [boot, epoch, bootedAt] = [randomUUID(), 0, at - 5_000];
      values = NAMES.map(() => BigInt(Math.floor(next() * 3)));
    } else if (event < 0.01) epoch++;
    const burst = next() < 0.1;
    values = values.map((value, index) => {
      if (index === 6) return BigInt(Math.floor(next() * 50));
      if (index === 0) return value + BigInt(Math.floor(next() * 200));
      return burst ? value + BigInt(Math.floor(next() * (index === 1 ? 3_000 : 30))) : value;
    });
    const named = Object.fromEntries(NAMES.map((name, index) => [name, values[index] ?? 0n]));
    const { hostId } = host;
    snapshots.push({
      hostId,
      namespaceId,
      at,
      uptimeMs: at - bootedAt,
      everyMs,
      boot,
      epoch,
      wordSize: 64,
      values: named,
    });
  }
  return snapshots;
}

const test = base.extend<{ world: World }>({
  world: async ({ databaseUrl }, use) => {
    const store = openStore({
      url: databaseUrl,
      poolSize: 4,
      statementTimeoutMs: 30_000,
      applicationName: "test",
      onError: () => undefined,
    });
    const hosts: StoredHost[] = [];
    for (let index = 0; index < 7; index++) {
      // In shards of their own, as in a fleet of thousands: what is read of few shards is read otherwise.
      await store.db.$queryRaw`SELECT setval('namespace_root_id', nextval('namespace_root_id') + 256)::text`;
      hosts.push(
        await storeHost(store, {
          name: `h${index}`,
          labels: { region: ["eu", "us", "ap"][index % 3] ?? "", app: "host" },
          container: index % 2 === 0 ? { app: `app${index % 4}`, team: "blue" } : null,
        }),
      );
    }
    const snapshots = hosts.flatMap((host) =>
      host.namespaceIds.flatMap((id, place) => historyOf(host, id, host.hostId * 10 + place + 1)),
    );
    await storeSnapshots(store, NAMES, snapshots);
    await rollUpAll(store, LATER);
    const layouts = await store.db.layout.findMany();
    const rows = await store.db.counter.findMany();
    const counters = new Map(
      rows.map(({ id, name }) => [name, { id, layoutIds: layouts.map((layout) => layout.id) }]),
    );
    const fleet = await new FleetView(store.db, () => LATER).read();
    await use({ store, hosts, fleet, snapshots, counters });
    await store.close();
  },
});

function counterOf({ counters }: World, name: string) {
  const found = counters.get(name);
  if (found === undefined) throw new Error(`no counter ${name}`);
  return { counterId: found.id, reporters: { layoutIds: found.layoutIds, event: true } };
}

/** A version label that a deploy changed at some minute of each host's own. */
const deploys: LabelsOverTime = (host) => [
  { from: Number.NEGATIVE_INFINITY, labels: { ...host.labels, version: "1" } },
  { from: T0 + 47 * MINUTE + host.id * 13 * MINUTE + 20_000, labels: { ...host.labels, version: "2" } },
  { from: T0 + 3 * HOUR, labels: { ...host.labels, version: "1" } },
];

/** The group of a namespace in a minute, found the plain way; as the JSON of its labels. */
function plainGroup(
  { fleet, hosts }: World,
  by: readonly string[],
  labelsOf: LabelsOverTime,
): (namespaceId: number, minute: number) => string | null {
  return (namespaceId, minute) => {
    const own = hosts.find(({ namespaceIds }) => namespaceIds.includes(namespaceId));
    const host = fleet.hosts.find(({ id }) => id === own?.hostId);
    if (host === undefined) return null;
    const container = fleet.namespacesOf.get(host.id)?.find(({ id }) => id === namespaceId)?.labels ?? {};
    const labels = { ...labelsOf(host).findLast(({ from }) => from <= minute)?.labels, ...container };
    return JSON.stringify(Object.fromEntries(by.map((name) => [name, labels[name] ?? ""])));
  };
}

const question = fc.record({
  measure: fc.constantFrom<PlainMeasure>("RATE", "INCREASE", "AFFECTED", "PEAK", "LAST"),
  busy: fc.boolean(),
  fromMinute: fc.integer({ min: -30, max: 150 }),
  minutes: fc.integer({ min: 1, max: 240 }),
  stepMinutes: fc.constantFrom(1, 5, 7, 45, 60, 120, 1440),
  by: fc.constantFrom<readonly string[] | null>(
    null,
    [],
    ["region"],
    ["app"],
    ["team", "region"],
    ["version"],
  ),
  only: fc.option(fc.integer({ min: 1, max: 6 })),
});

describe("queries", () => {
  test("equal a plain evaluation of the raw snapshots, from minutes and from hours", async ({ world }) => {
    const { store, fleet, snapshots } = world;
    let hours = 0;
    await fc.assert(
      fc.asyncProperty(question, async ({ measure, busy, fromMinute, minutes, stepMinutes, by, only }) => {
        const counter =
          measure === "LAST" ? "TcpCurrEstab" : busy ? "TcpPassiveOpens" : "TcpExtListenOverflows";
        const range = { from: T0 + fromMinute * MINUTE, to: T0 + (fromMinute + minutes) * MINUTE };
        const grid = gridOf(range, stepMinutes * MINUTE);
        const labelsOf = by?.includes("version") ? deploys : currentLabels;
        const hosts = only === null ? fleet.hosts : fleet.hosts.slice(0, only);
        const grouped = groupNamespaces(fleet, hosts, by ?? [], range, labelsOf);
        const groups = by === null && only === null ? null : grouped;
        const query = { ...counterOf(world, counter), range, grid, groups, fleet, now: LATER };
        const meant = new Set(hosts.map(({ id }) => id));
        const groupOf = plainGroup(world, by ?? [], labelsOf);
        const expected = plainTrend(snapshots, {
          counter,
          measure,
          ...range,
          ...grid,
          groupOf: (id, minute) => (meant.has(fleet.ownerOf.get(id) ?? -1) ? groupOf(id, minute) : null),
        });
        const found =
          measure === "LAST"
            ? (await readGaugeTrend(store.db, query)).map((values) => ({ values, total: 0 }))
            : await readTrend(store.db, { ...query, measure });
        grouped.labels.forEach((labels, index) => {
          const plain = expected.get(JSON.stringify(labels));
          const none = new Array<null>(grid.length).fill(null);
          expect(found[index]?.values).toEqual(
            (plain?.values ?? none).map((value) => (value === null ? null : closeTo(value))),
          );
          expect(BigInt(found[index]?.total ?? -1)).toBe(plain?.total ?? 0n);
        });
        const plan = { range, hours: grid.length === 1 || stepMinutes % 60 === 0, now: LATER };
        if ((await planSegments(store.db, plan)).some(({ of }) => of === "hours")) hours++;
      }),
      { numRuns: RUNS * 4 },
    );
    expect(hours).toBeGreaterThan(RUNS / 4);
  }, 300_000);

  test("top, heatmap and handshakes as well", async ({ world }) => {
    const { store, fleet, snapshots } = world;
    const asked = fc.record({
      fromMinute: fc.integer({ min: -30, max: 150 }),
      minutes: fc.integer({ min: 1, max: 240 }),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ fromMinute, minutes }) => {
        const range = { from: T0 + fromMinute * MINUTE, to: T0 + (fromMinute + minutes) * MINUTE };
        const inRange = (name: string) =>
          grownBy(snapshots, name).filter(({ minute }) => minute >= range.from && minute < range.to);
        const byHost = new Map<number, bigint>();
        for (const { snapshot, value } of inRange("TcpExtListenOverflows")) {
          byHost.set(snapshot.hostId, (byHost.get(snapshot.hostId) ?? 0n) + value);
        }
        const worst = [...byHost]
          .filter(([, value]) => value > 0n)
          .sort((a, b) => (a[1] < b[1] ? 1 : a[1] > b[1] ? -1 : a[0] - b[0]))
          .slice(0, 3);
        const overflows = { ...counterOf(world, "TcpExtListenOverflows"), range, now: LATER, first: 3 };
        const ranked = await readTop(store.db, {
          ...overflows,
          keyOf: (id) => fleet.ownerOf.get(id) ?? null,
        });
        expect(ranked.map(({ key, increase }) => [key, BigInt(increase)])).toEqual(worst);

        const grid = gridOf(range, 5 * MINUTE);
        const hosts = new Set(fleet.hosts.map(({ id }) => id));
        const rows = await readHeatmap(store.db, { ...overflows, grid, fleet, hosts });
        const course = plainTrend(snapshots, {
          counter: "TcpExtListenOverflows",
          measure: "INCREASE",
          ...range,
          ...grid,
          groupOf: (id) => String(fleet.ownerOf.get(id)),
        });
        expect(rows).toEqual(
          worst.map(([hostId]) => ({
            hostId,
            values: course
              .get(String(hostId))
              ?.values.map((value) => (value === null ? null : closeTo(value))),
          })),
        );

        const query = { ...handshakeCounters(world), range, groups: null, fleet, now: LATER };
        const [whole] = await readHandshakes(store.db, query);
        const sums = plainHandshakes(snapshots, range.from, range.to);
        if (sums === null) expect(whole).toEqual({ accepted: null, lost: null, loss: null });
        else {
          expect(BigInt(whole?.accepted ?? -1)).toBe(sums.accepted);
          expect(whole?.lost).toBeCloseTo(sums.lost.lost, 6);
          const share = lossShare(Number(sums.accepted), sums.lost);
          expect(whole?.loss?.share ?? null).toEqual(share === null ? null : closeTo(share.share));
        }
        const [losses] = await readHandshakeLoss(store.db, { ...query, grid });
        losses?.forEach((loss, step) => {
          const from = grid.start + step * grid.stepMs;
          const own = plainHandshakes(
            snapshots,
            Math.max(from, range.from),
            Math.min(from + grid.stepMs, range.to),
          );
          const share = own === null ? null : lossShare(Number(own.accepted), own.lost);
          expect(loss).toEqual(
            share === null
              ? null
              : { share: closeTo(share.share), low: closeTo(share.low), high: closeTo(share.high) },
          );
        });
      }),
      { numRuns: RUNS },
    );
  }, 300_000);

  test("a host's rates from minutes and hours are those of its snapshots", async ({ world }) => {
    const { store, fleet, hosts, snapshots } = world;
    const range = { from: T0 + 10 * MINUTE, to: T0 + 200 * MINUTE };
    const host = hosts[2];
    if (host === undefined) throw new Error("no host");
    const query = { namespaceIds: host.namespaceIds, range, fleet, now: LATER };
    const grid = gridOf(range, HOUR);
    const counters = [
      counterOf(world, "TcpPassiveOpens"),
      { counterId: null, reporters: { layoutIds: [], event: false } },
    ];
    const plain = plainTrend(snapshots, {
      counter: "TcpPassiveOpens",
      measure: "RATE",
      ...range,
      ...grid,
      groupOf: (id) => (host.namespaceIds.includes(id) ? "host" : null),
    }).get("host");
    const [rates, unknown] = await readRolledUpSeries(store.db, query, grid, counters);
    expect(rates?.values).toEqual(plain?.values.map((value) => (value === null ? null : closeTo(value))));
    expect(BigInt(rates?.total ?? -1)).toBe(plain?.total);
    expect(unknown).toMatchObject({ values: grid.length === 4 ? [null, null, null, null] : [], total: null });
  });

  test("a host's long increase is that of its snapshots, at any moment of the rollups and cut anywhere", async ({
    world,
  }) => {
    const { store, fleet, hosts, snapshots } = world;
    const host = hosts[2] ?? fail();
    const reader = new SnapshotReader(new LayoutCache());
    const passive = counterOf(world, "TcpPassiveOpens");
    const increaseOf = (from: number, to: number) => {
      const query = { namespaceIds: host.namespaceIds, range: { from, to }, fleet, now: LATER };
      return readLongIncrease(reader, store.db, query, { from, to }, passive);
    };
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -30 * MINUTE, max: 240 * MINUTE }),
        fc.integer({ min: 1, max: 240 * MINUTE }),
        fc.integer({ min: 0, max: 300 }),
        async (offset, length, settledMinutes) => {
          const settled = new Date(T0 + settledMinutes * MINUTE).toISOString();
          await store.db.$executeRaw`UPDATE ts.shard SET settled = ${settled}::text::timestamptz`;
          const range = { from: T0 + offset, to: T0 + offset + length };
          const raw = await readHostIncrease(
            reader,
            store.db,
            host.namespaceIds,
            range,
            passive.counterId ?? -1,
          );
          const long = await increaseOf(range.from, range.to);
          expect(BigInt(long ?? 0)).toBe(BigInt(raw ?? 0));
        },
      ),
      { numRuns: RUNS },
    );
    expect(snapshots.length).toBeGreaterThan(0);
    expect(await increaseOf(T0 - 2 * HOUR, T0 - HOUR)).toBeNull();
  });

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

  test("what the index says of everybody is what the namespaces give, added up", async ({ world }) => {
    const { store, fleet } = world;
    const range = { from: Math.floor(T0 / HOUR) * HOUR, to: Math.floor(T0 / HOUR) * HOUR + 4 * HOUR };
    const everybody = groupNamespaces(fleet, fleet.hosts, [], range, currentLabels);
    const expectSame = async () => {
      for (const name of ["TcpExtListenOverflows", "TcpPassiveOpens"]) {
        for (const measure of ["RATE", "INCREASE", "AFFECTED", "PEAK"] as const) {
          for (const step of [MINUTE, HOUR]) {
            const grid = gridOf(range, step);
            const query = { ...counterOf(world, name), range, grid, fleet, now: LATER, measure };
            const [index] = await readTrend(store.db, { ...query, groups: null });
            const [named] = await readTrend(store.db, { ...query, groups: everybody });
            expect(named?.values.filter((value) => value !== null && value > 0).length).toBeGreaterThan(0);
            expect(index?.total).toEqual(named?.total);
            expect(index?.values).toEqual(
              named?.values.map((value) => (value === null ? null : closeTo(value))),
            );
          }
        }
      }
    };
    await expectSame();
    // Hosts are counted by the index where only roots moved.
    await store.db.$executeRaw`DELETE FROM ts.rollup_minute WHERE shard >= 1073741824 >> 8`;
    await store.db.$executeRaw`DELETE FROM ts.rollup_hour WHERE shard >= 1073741824 >> 8`;
    await expectSame();
    // Rows from before there was the column.
    await store.db.$executeRaw`UPDATE ts.rollup_minute SET rate = NULL WHERE shard % 2 = 0`;
    await store.db.$executeRaw`UPDATE ts.rollup_hour SET rate = NULL WHERE shard % 2 = 0`;
    await expectSame();
  });

  test("who was there all hour is looked for in the minutes of a marked hour, and nowhere where they are gone", async ({
    world,
  }) => {
    const { store, fleet } = world;
    const [{ hour } = fail()] = await store.db.$queryRaw<{ hour: number }[]>`
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
});

function fail(): never {
  throw new Error("no counter");
}

function closeTo(value: number): unknown {
  return value === 0 || Number.isInteger(value) === false
    ? expect.closeTo(value, Math.max(0, 9 - Math.ceil(Math.log10(Math.abs(value) + 1))))
    : value > Number.MAX_SAFE_INTEGER
      ? expect.closeTo(value, -6)
      : value;
}

function handshakeCounters(world: World) {
  const { counterId: reqQFullDrop } = counterOf(world, "TcpExtTCPReqQFullDrop");
  const { counterId: cookiesSent } = counterOf(world, "TcpExtSyncookiesSent");
  const { counterId: cookiesReceived } = counterOf(world, "TcpExtSyncookiesRecv");
  const { counterId: cookiesFailed } = counterOf(world, "TcpExtSyncookiesFailed");
  return {
    passiveOpens: counterOf(world, "TcpPassiveOpens"),
    listenOverflows: counterOf(world, "TcpExtListenOverflows"),
    reqQFullDrop,
    cookiesSent,
    cookiesReceived,
    cookiesFailed,
  };
}

/** The inputs summed by namespace, then estimated, then added up; null where nobody reported. */
function plainHandshakes(snapshots: readonly FleetSnapshot[], from: number, to: number) {
  const sums = new Map<number, Record<string, bigint>>();
  for (const name of NAMES) {
    for (const { snapshot, minute, value } of grownBy(snapshots, name)) {
      if (minute < from || minute >= to) continue;
      const own = sums.get(snapshot.namespaceId) ?? {};
      sums.set(snapshot.namespaceId, own);
      own[name] = (own[name] ?? 0n) + value;
    }
  }
  if (sums.size === 0) return null;
  let accepted = 0n;
  const lost = { lost: 0, low: 0, high: 0 };
  for (const own of sums.values()) {
    const at = (name: (typeof NAMES)[number]) => Number(own[name] ?? 0n);
    accepted += own.TcpPassiveOpens ?? 0n;
    const one = lostHandshakes({
      listenOverflows: at("TcpExtListenOverflows"),
      reqQFullDrop: at("TcpExtTCPReqQFullDrop"),
      cookiesSent: at("TcpExtSyncookiesSent"),
      cookiesReceived: at("TcpExtSyncookiesRecv"),
      cookiesFailed: at("TcpExtSyncookiesFailed"),
    });
    lost.lost += one.lost;
    lost.low += one.low;
    lost.high += one.high;
  }
  return { accepted, lost };
}
