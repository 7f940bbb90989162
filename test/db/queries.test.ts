import fc from "fast-check";
import { describe, expect } from "vitest";
import { lossShare, lostHandshakes } from "../../src/rates/loss.ts";
import { readGaugeTrend } from "../../src/store/queries/gauge-trend.ts";
import { currentLabels, groupNamespaces, type LabelsOverTime } from "../../src/store/queries/groups.ts";
import { readHandshakeLoss, readHandshakes } from "../../src/store/queries/handshakes.ts";
import { readHeatmap } from "../../src/store/queries/heatmap.ts";
import { gridOf } from "../../src/store/queries/range.ts";
import { planSegments } from "../../src/store/queries/resolution.ts";
import { readTop } from "../../src/store/queries/top.ts";
import { readTrend } from "../../src/store/queries/trend.ts";
import { grownBy, type PlainMeasure, plainTrend } from "../support/plain-queries.ts";
import {
  closeTo,
  counterOf,
  HOUR,
  LATER,
  MINUTE,
  NAMES,
  plainGroup,
  T0,
  test,
  type World,
} from "../support/query-world.ts";
import type { FleetSnapshot } from "../support/stored-fleet.ts";

const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 40);
/** A version label that a deploy changed at some minute of each host's own. */
const deploys: LabelsOverTime = (host) => [
  { from: Number.NEGATIVE_INFINITY, labels: { ...host.labels, version: "1" } },
  { from: T0 + 47 * MINUTE + host.id * 13 * MINUTE + 20_000, labels: { ...host.labels, version: "2" } },
  { from: T0 + 3 * HOUR, labels: { ...host.labels, version: "1" } },
];

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
            ? (await readGaugeTrend(store.db, query)).map((values) => ({ values, total: null }))
            : await readTrend(store.db, { ...query, measure });
        grouped.labels.forEach((labels, index) => {
          const plain = expected.get(JSON.stringify(labels));
          const none = new Array<null>(grid.length).fill(null);
          expect(found[index]?.values).toEqual(
            (plain?.values ?? none).map((value) => (value === null ? null : closeTo(value))),
          );
          if (measure === "LAST") return;
          const { values, total } = plain ?? { values: none, total: 0n };
          const isKnown = total > 0n || values.some((value) => value !== null);
          expect(found[index]?.total == null ? null : BigInt(found[index].total)).toBe(
            isKnown ? total : null,
          );
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
});

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
