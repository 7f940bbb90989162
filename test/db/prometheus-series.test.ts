/** What PromQL says of containers that are made anew, and that it says the same of a time whatever the clock's minute. */
import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { matchingSeries } from "../../src/rest/prometheus/directory.ts";
import { parseSelector } from "../../src/rest/prometheus/parse.ts";
import type { Store } from "../../src/store/client.ts";
import { registerNamespace } from "../../src/store/namespaces.ts";
import { contextFor, sourcesOn } from "../support/graphql-sources.ts";
import { promql } from "../support/promql.ts";
import { test } from "../support/store.ts";
import {
  type FleetSnapshot,
  rollUpAll,
  type StoredHost,
  storeHost,
  storeSnapshots,
} from "../support/stored-fleet.ts";

const MINUTE = 60_000;
const NAMES = ["TcpPassiveOpens", "TcpExtListenOverflows", "TcpCurrEstab"];
/** Half past twelve: no multiple of a longer window, as most times are none. */
const T0 = Date.UTC(2026, 10, 22, 12, 30);
const minute = (minutes: number) => T0 + minutes * MINUTE;

interface Life {
  readonly from: number;
  readonly to: number;
  readonly everyMs: number;
  readonly values: (at: number) => readonly [opens: number, overflows: number, established: number];
}

/** A namespace that is read at equal intervals from one time up to another. */
function lifeOf({ hostId }: StoredHost, namespaceId: number, { from, to, everyMs, values }: Life) {
  const snapshots: FleetSnapshot[] = [];
  for (let at = from; at <= to; at += everyMs) {
    const now = values(at);
    snapshots.push({
      hostId,
      namespaceId,
      at,
      uptimeMs: at - T0 + 100 * 3_600_000,
      everyMs,
      boot: "00000000-0000-4000-8000-000000000001",
      epoch: 0,
      wordSize: 64,
      values: Object.fromEntries(NAMES.map((name, place) => [name, BigInt(now[place] ?? 0)])),
    });
  }
  return snapshots;
}

/** A host whose container `web` ended, and was made anew with the labels that it had. */
async function madeAnew(store: Store): Promise<{ host: StoredHost; ended: number; anew: number }> {
  const labels = { container: "web" };
  const host = await storeHost(store, { name: "h", labels: {}, container: labels });
  return { host, ended: host.namespaceIds[1] ?? 0, anew: await secondOf(host, store, labels) };
}

/** Another container of a host. */
function secondOf({ hostId }: StoredHost, { db }: Store, labels: Record<string, string>): Promise<number> {
  const key = { kind: "CONTAINER", bootId: randomUUID(), inode: "4026532001", birth: 2 } as const;
  return registerNamespace(db, hostId, key, { containerId: "c2", name: "c2", labels });
}

async function rolledUp(store: Store, snapshots: readonly FleetSnapshot[]) {
  await storeSnapshots(store, NAMES, snapshots);
  const now = minute(30);
  await rollUpAll(store, now);
  return promql(store.db, now);
}

test("a query is read of so many selectors, and of no more", async ({ store }) => {
  const host = await storeHost(store, { name: "h", labels: {}, container: null });
  const life = { from: minute(0), to: minute(2), everyMs: 10_000, values: () => [0, 0, 1] as const };
  const { at } = await rolledUp(store, lifeOf(host, host.namespaceIds[0] ?? 0, life));
  const sumOf = (count: number) => new Array(count).fill("sum(CurrEstab)").join(" + ");
  expect(await at(sumOf(20), minute(3))).toEqual({ "": 20 });
  await expect(at(sumOf(60), minute(3))).rejects.toMatchObject({
    code: "LIMIT_EXCEEDED",
    message: expect.stringMatching(/look through over 5000000 rows/),
  });
});

describe("the last minute", () => {
  test("irate is that of the last minute which has one, at full five minutes too", async ({ store }) => {
    const host = await storeHost(store, { name: "h", labels: {}, container: null });
    const { at, over } = await rolledUp(
      store,
      lifeOf(host, host.namespaceIds[0] ?? 0, {
        from: minute(-1),
        to: minute(4) + 50_000,
        everyMs: 10_000,
        values: (time) => [Math.max(0, time - (minute(4) - 10_000)) / 100, 0, 1],
      }),
    );
    for (const time of [5, 6, 7]) {
      expect(await at("irate(PassiveOpens[5m])", minute(time))).toEqual({ "instance=h": 10 });
    }
    const { "instance=h": values } = await over("irate(PassiveOpens[5m])", minute(4), minute(14), 5 * MINUTE);
    expect(values).toEqual([0, 10, null]);
  });

  test("a gauge of a container that was made anew is the new one's alone", async ({ store }) => {
    const { host, ended, anew } = await madeAnew(store);
    const { at, over } = await rolledUp(store, [
      ...lifeOf(host, ended, { from: minute(0), to: minute(1), everyMs: 10_000, values: () => [0, 0, 100] }),
      ...lifeOf(host, anew, { from: minute(2), to: minute(8), everyMs: 10_000, values: () => [0, 0, 70] }),
    ]);
    const query = 'CurrEstab{container="web"}';
    const name = "__name__=CurrEstab container=web instance=h";
    for (const time of [3, 4, 5, 6]) expect(await at(query, minute(time))).toEqual({ [name]: 70 });
    expect(await over(query, minute(0), minute(15), 5 * MINUTE)).toEqual({ [name]: [null, 70, 70, null] });
  });

  test("a gauge of containers of one name that live together is their sum", async ({ store }) => {
    const { host, ended, anew } = await madeAnew(store);
    const both = { from: minute(0), to: minute(4), everyMs: 10_000 };
    const { at } = await rolledUp(store, [
      ...lifeOf(host, ended, { ...both, values: () => [0, 0, 100] }),
      ...lifeOf(host, anew, { ...both, values: () => [0, 0, 70] }),
    ]);
    for (const time of [5, 6]) {
      expect(await at("sum(CurrEstab)", minute(time))).toEqual({ "": 170 });
    }
  });
});

test("a ratio by pod is that of the pod which lives, and ended ones are no series", async ({ store }) => {
  const host = await storeHost(store, { name: "h", labels: {}, container: { pod: "db-0", id: "old" } });
  const anew = await secondOf(host, store, { pod: "db-0", id: "new" });
  const lost = (from: number) => (time: number) => [time - from, (time - from) / 4, 1] as const;
  const { at, over } = await rolledUp(store, [
    ...lifeOf(host, host.namespaceIds[1] ?? 0, {
      from: minute(0),
      to: minute(4),
      everyMs: 10_000,
      values: lost(minute(0)),
    }),
    ...lifeOf(host, anew, { from: minute(15), to: minute(25), everyMs: 10_000, values: lost(minute(15)) }),
  ]);
  const ratio = 'rate(ListenOverflows{pod="db-0"}[5m]) / on (pod) rate(PassiveOpens{pod="db-0"}[5m])';
  expect(await at(ratio, minute(22))).toEqual({ "pod=db-0": 0.25 });
  expect(await over(ratio, minute(5), minute(25), 5 * MINUTE)).toEqual({
    "pod=db-0": [0.25, null, null, 0.25, 0.25],
  });
  expect(Object.keys(await at("rate(PassiveOpens[5m])", minute(22)))).toEqual(["id=new instance=h pod=db-0"]);
});

test("a container made anew is listed as one series, and what two selectors mean too", async ({ store }) => {
  const { host, ended, anew } = await madeAnew(store);
  const still = () => [1, 0, 0] as const;
  const life = { everyMs: 10_000, values: still };
  await rolledUp(store, [
    ...lifeOf(host, ended, { ...life, from: minute(0), to: minute(1) }),
    ...lifeOf(host, anew, { ...life, from: minute(2), to: minute(3) }),
  ]);
  const context = contextFor(
    sourcesOn(store.db, () => minute(4)),
    "read",
  );
  const selectors = ['CurrEstab{container="web"}', "CurrEstab"].map(parseSelector);
  const series = await matchingSeries(context, selectors, 10);
  expect(series.map(({ container = "" }) => container).sort()).toEqual(["", "web"]);
});
