/** Hosts that are forgotten: they are in the totals of the fleet, and take no place among those that are shown. */
import { expect } from "vitest";
import { asking } from "../support/graphql.ts";
import { at, listening, T0 } from "../support/one-host.ts";
import { append, newHost, rowOf, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";

const NOW = T0 + 10 * 60_000;
const RANGE = `range: {from: "${new Date(T0).toISOString()}", to: "${new Date(NOW).toISOString()}"}`;

test("forgotten hosts take no place in what is ranked, and are in no count of hosts", async ({ store }) => {
  const ids: number[] = [];
  for (const drops of [1_000, 500, 20, 10]) {
    const host = await newHost(store);
    ids.push(host.hostId);
    for (const [seconds, grown] of [
      [0, 0],
      [10, drops],
    ] as const) {
      const values = { TcpExtListenDrops: grown, TcpExtListenOverflows: grown };
      const listeners = listening([["1", grown, 129]]);
      await append(store, [await rowOf(store, host, at(seconds, values, { listeners }))]);
    }
  }
  await worker(store).rollUp(NOW);
  const [worst, second, third, fourth] = ids;
  await store.db.host.updateMany({
    where: { id: { in: [worst ?? 0, second ?? 0] } },
    data: { forgottenAt: new Date(NOW) },
  });
  await store.db.host.update({ where: { id: third ?? 0 }, data: { name: "third" } });
  await store.db.host.update({ where: { id: fourth ?? 0 }, data: { name: "fourth" } });

  const { ask } = asking(store.db, NOW);
  const { fleet } = await ask(`{ fleet {
    hosts: top(counter: "ListenDrops", ${RANGE}, first: 2) { host { name } increase shareOfFleet }
    namespaces: top(counter: "ListenDrops", ${RANGE}, by: NAMESPACE, first: 1) { host { name } }
    listeners: top(counter: "ListenDrops", ${RANGE}, by: LISTENER, first: 2) { host { name } shareOfFleet }
    affected: trend(counter: "ListenDrops", ${RANGE}, step: "10m", measure: AFFECTED) { values }
    total: trend(counter: "ListenDrops", ${RANGE}, step: "10m", measure: INCREASE) { total }
  } }`);
  const [host, share] = [(name: string) => ({ name }), (of: number) => expect.closeTo(of, 6)];
  expect(fleet.hosts).toEqual([
    { host: host("third"), increase: "20", shareOfFleet: share(2 / 3) },
    { host: host("fourth"), increase: "10", shareOfFleet: share(1 / 3) },
  ]);
  expect(fleet.namespaces).toEqual([{ host: host("third") }]);
  expect(fleet.listeners).toEqual([
    { host: host("third"), shareOfFleet: share(2 / 3) },
    { host: host("fourth"), shareOfFleet: share(1 / 3) },
  ]);
  expect(fleet.affected).toEqual([{ values: [2] }]);
  expect(fleet.total).toEqual([{ total: "1530" }]);
});
