/** Containers that live for a small part of a step, one after the other: together they do what their host does. */
import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import { registerNamespace } from "../../src/store/namespaces.ts";
import { readGaugeTrend } from "../../src/store/queries/gauge-trend.ts";
import { currentLabels, groupNamespaces } from "../../src/store/queries/groups.ts";
import { readRolledUpSeries } from "../../src/store/queries/host-rollups.ts";
import { readHostSeries } from "../../src/store/queries/host-series.ts";
import { gridOf } from "../../src/store/queries/range.ts";
import { readTop } from "../../src/store/queries/top.ts";
import { readTrend } from "../../src/store/queries/trend.ts";
import { promql } from "../support/promql.ts";
import { HOUR, MINUTE } from "../support/query-world.ts";
import { test } from "../support/store.ts";
import { type FleetSnapshot, rollUpAll, storeHost, storeSnapshots } from "../support/stored-fleet.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const LATER = T0 + 24 * HOUR;
const EVERY = 10_000;
const NAMES = ["TcpPassiveOpens", "TcpCurrEstab"];

/** Snapshots of a namespace that accepts so many connections a second, of which four are open. */
function living(hostId: number, namespaceId: number, from: number, to: number, perSecond: number) {
  const snapshots: FleetSnapshot[] = [];
  for (let at = from; at < to; at += EVERY) {
    const opens = BigInt(((at - from) / 1_000) * perSecond);
    const same = { boot: "00000000-0000-4000-8000-000000000001", epoch: 0, wordSize: 64 } as const;
    const uptimeMs = at - T0 + HOUR;
    const values = { TcpPassiveOpens: opens, TcpCurrEstab: 4n };
    snapshots.push({ hostId, namespaceId, at, uptimeMs, everyMs: EVERY, ...same, values });
  }
  return snapshots;
}

/** A host whose root accepts nothing, and runs a job a minute for an hour; each sees ten connections a second. */
async function hostOfJobs(store: Store) {
  const { hostId, namespaceIds } = await storeHost(store, { name: "h", labels: {}, container: null });
  const [root = 0] = namespaceIds;
  const snapshots = living(hostId, root, T0 - EVERY, T0 + HOUR + EVERY, 0);
  const jobs: number[] = [];
  for (let minute = 0; minute < 60; minute++) {
    const key = { kind: "CONTAINER", bootId: randomUUID(), inode: "4026532000", birth: minute } as const;
    const facts = { containerId: `c${minute}`, name: `job-${minute}`, labels: { job: `job-${minute}` } };
    const job = await registerNamespace(store.db, hostId, key, facts);
    jobs.push(job);
    snapshots.push(...living(hostId, job, T0 + minute * MINUTE, T0 + (minute + 1) * MINUTE, 10));
  }
  await storeSnapshots(store, NAMES, snapshots);
  await rollUpAll(store, LATER);
  const { id: counterId } = await store.db.counter.findFirstOrThrow({ where: { name: "TcpPassiveOpens" } });
  const layoutIds = (await store.db.layout.findMany()).map(({ id }) => id);
  const fleet = await new FleetView(store.db, () => LATER).read();
  return { hostId, root, jobs, fleet, counter: { counterId, reporters: { layoutIds, event: false } } };
}

/** Of a job's six snapshots the first tells nothing: 50 s of each minute are counted, with 500 connections. */
const PER_SECOND = 500 / 60;

test("add up to what their host does", async ({ store }) => {
  const { hostId, root, jobs, fleet, counter } = await hostOfJobs(store);
  const range = { from: T0, to: T0 + HOUR };
  const everybody = groupNamespaces(fleet, fleet.hosts, [], range, currentLabels);
  for (const stepMs of [MINUTE, 5 * MINUTE, HOUR]) {
    const grid = gridOf(range, stepMs);
    const query = { ...counter, range, grid, fleet, now: LATER };
    for (const groups of [null, everybody]) {
      const [trend] = await readTrend(store.db, { ...query, groups, measure: "RATE" });
      expect(trend?.values).toEqual(new Array(grid.length).fill(expect.closeTo(PER_SECOND, 6)));
      expect(trend?.total).toBe(30_000);
    }
    const namespaceIds = [root, ...jobs];
    const host = { namespaceIds, range, fleet, now: LATER };
    const [rolledUp] = await readRolledUpSeries(store.db, host, grid, [counter]);
    expect(rolledUp?.values).toEqual(new Array(grid.length).fill(expect.closeTo(PER_SECOND, 6)));

    const reader = new SnapshotReader(new LayoutCache());
    const raw = { range, grid, counterIds: [counter.counterId] };
    const [series] = await readHostSeries(reader, store.db, namespaceIds, raw);
    expect(series?.values).toEqual(new Array(grid.length).fill(expect.closeTo(PER_SECOND, 6)));
    expect(series?.total).toBe(30_000);
  }
  const [top] = await readTop(store.db, {
    ...counter,
    range,
    fleet,
    now: LATER,
    first: 1,
    keyOf: (id) => fleet.ownerOf.get(id) ?? null,
  });
  expect(top).toMatchObject({ key: hostId, increase: 30_000, rate: expect.closeTo(PER_SECOND, 6) });
});

test("add up in PromQL as well, with their host's root or without it", async ({ store }) => {
  await hostOfJobs(store);
  const { at, over } = promql(store.db, LATER);
  for (const matcher of ["", '{job=~".+"}']) {
    for (const minutes of [5, 60]) {
      const query = `sum(rate(PassiveOpens${matcher}[${minutes}m]))`;
      expect(await at(query, T0 + HOUR)).toEqual({ "": expect.closeTo(PER_SECOND, 6) });
    }
    const course = await over(`sum(rate(PassiveOpens${matcher}[5m]))`, T0 + 10 * MINUTE, T0 + HOUR, MINUTE);
    expect(course).toEqual({ "": new Array(51).fill(expect.closeTo(PER_SECOND, 6)) });
  }
});

test("are not added to what is open at the end of a step when they have gone", async ({ store }) => {
  const { fleet } = await hostOfJobs(store);
  const { id: counterId } = await store.db.counter.findFirstOrThrow({ where: { name: "TcpCurrEstab" } });
  const range = { from: T0, to: T0 + HOUR };
  for (const [stepMs, groups] of [
    [5 * MINUTE, null],
    [20 * MINUTE, groupNamespaces(fleet, fleet.hosts, [], range, currentLabels)],
    [HOUR, null],
  ] as const) {
    const grid = gridOf(range, stepMs);
    const [values] = await readGaugeTrend(store.db, { counterId, range, grid, groups, fleet, now: LATER });
    expect(values).toEqual(new Array(grid.length).fill(8));
  }
});

test("one that is asked for by itself is told over its own time", async ({ store }) => {
  const { jobs, fleet, counter } = await hostOfJobs(store);
  const range = { from: T0, to: T0 + HOUR };
  const grid = gridOf(range, HOUR);
  const query = { namespaceIds: jobs.slice(0, 1), range, fleet, now: LATER };
  const [rolledUp] = await readRolledUpSeries(store.db, query, grid, [counter]);
  expect(rolledUp?.values).toEqual([expect.closeTo(10, 6)]);
  const raw = { range, grid, counterIds: [counter.counterId] };
  const reader = new SnapshotReader(new LayoutCache());
  const [series] = await readHostSeries(reader, store.db, query.namespaceIds, raw);
  expect(series?.values).toEqual([expect.closeTo(10, 6)]);
});
