/** A subscribed trend, look by look: what is told when, and told again when it has changed. */
import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "vitest";
import { TrendFeed, type TrendQuestion } from "../../src/graphql/trend-feed.ts";
import type { Store } from "../../src/store/client.ts";
import { registerHost } from "../../src/store/hosts.ts";
import { registerRoot } from "../../src/store/namespaces.ts";
import { sourcesOn } from "../support/graphql-sources.ts";
import type { OracleSnapshot } from "../support/oracle.ts";
import { append, newHost, rowOf, type TestNamespace, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;

const QUESTION: TrendQuestion = {
  counter: "TcpExtListenOverflows",
  measure: "INCREASE",
  filter: null,
  groupBy: [],
  stepMs: MINUTE,
  open: true,
};

function snapshot(seconds: number, overflows: number, opens = 0): OracleSnapshot {
  return {
    at: T0 + seconds * 1000,
    uptimeMs: 1e6 + seconds * 1000,
    everyMs: 10_000,
    boot: "boot",
    epoch: 0,
    wordSize: 64,
    layout: ["TcpActiveOpens", "TcpExtListenOverflows"],
    values: { TcpActiveOpens: BigInt(opens), TcpExtListenOverflows: BigInt(overflows) },
  };
}

/** A fleet whose clock the test moves, and a feed that looks at it. */
function watching(store: Store, more: Partial<TrendQuestion> = {}) {
  let now = T0;
  const sources = sourcesOn(store.db, () => now);
  const feed = new TrendFeed(sources, { ...QUESTION, ...more });
  const told = (series: Awaited<ReturnType<typeof feed.look>>) =>
    series?.map(({ labels, start, values }) => ({ ...labels, from: (start - T0) / MINUTE, values })) ?? null;
  const ticking = worker(store);
  return {
    /** What a look tells at a moment, after a tick of the workers; times in s after the first minute. */
    look: async (seconds: number, rollUp = true) => {
      now = T0 + seconds * 1000;
      if (rollUp) await ticking.rollUp(now);
      return told(await feed.look());
    },
    current: () => told(feed.current()),
  };
}

async function hostOf({ db }: Store, role: string): Promise<TestNamespace> {
  const facts = { name: role, machineId: null, labels: { role } };
  const { id } = await registerHost(db, randomUUID(), randomBytes(32), facts);
  return { hostId: id, namespaceId: await registerRoot(db, id) };
}

const push = async (store: Store, host: TestNamespace, ...snapshots: OracleSnapshot[]) => {
  for (const one of snapshots) await append(store, [await rowOf(store, host, one)]);
};

test("a counter of drops is told while its minute is open, and when it is over", async ({ store }) => {
  const host = await newHost(store);
  const { look, current } = watching(store);
  expect(current()).toBeNull();
  await push(store, host, snapshot(-50, 0), snapshot(-5, 0), snapshot(10, 0));
  expect(await look(11)).toEqual([{ from: -1, values: [0, 0] }]);
  expect(await look(13)).toBeNull();
  await push(store, host, snapshot(20, 7));
  expect(await look(21)).toEqual([{ from: 0, values: [7] }]);
  expect(current()).toEqual([{ from: -1, values: [0, 7] }]);
  await push(store, host, snapshot(30, 7));
  expect(await look(31)).toBeNull();
  await push(store, host, snapshot(40, 9));
  expect(await look(41)).toEqual([{ from: 0, values: [9] }]);
  // The next minute has begun; this one is over when all that came of it has been rolled up.
  expect(await look(61, false)).toBeNull();
  expect(await look(62, false)).toBeNull();
  expect(await look(62)).toEqual([{ from: 0, values: [9, null] }]);
  expect(await look(64)).toBeNull();
  await push(store, host, snapshot(65, 10));
  expect(await look(66)).toEqual([{ from: 1, values: [1] }]);
});

test("without the open step, or of another counter, each step is told once and when it is over", async ({
  store,
}) => {
  const host = await newHost(store);
  const closed = watching(store, { open: false });
  const opens = watching(store, { counter: "TcpActiveOpens" });
  await push(store, host, snapshot(-50, 0, 0), snapshot(-5, 1, 100), snapshot(10, 5, 160));
  expect(await closed.look(11)).toEqual([{ from: -1, values: [1] }]);
  expect(await opens.look(11)).toEqual([{ from: -1, values: [100] }]);
  await push(store, host, snapshot(50, 6, 200));
  expect(await closed.look(51)).toBeNull();
  expect(await opens.look(51)).toBeNull();
  expect(await closed.look(62, false)).toBeNull();
  expect(await closed.look(62)).toEqual([{ from: 0, values: [5] }]);
  expect(await opens.look(62)).toEqual([{ from: 0, values: [100] }]);
  expect(opens.current()).toEqual([{ from: 0, values: [100] }]);
  expect(await opens.look(70)).toBeNull();
  // Nobody reported: that is told too.
  expect(await opens.look(122)).toEqual([{ from: 1, values: [null] }]);
  expect(await opens.look(305)).toEqual([{ from: 2, values: [null, null, null] }]);
});

test("a step that a late snapshot has mended is told again with the next", async ({ store }) => {
  const host = await newHost(store);
  const { look } = watching(store, { open: false });
  await push(store, host, snapshot(-50, 0), snapshot(-5, 0), snapshot(10, 4), snapshot(65, 6));
  expect(await look(11)).toEqual([{ from: -1, values: [0] }]);
  expect(await look(62)).toEqual([{ from: 0, values: [4] }]);
  await push(store, host, snapshot(55, 5));
  expect(await look(122)).toEqual([{ from: 0, values: [5, 1] }]);
});

test("groups come as hosts do; a change of one tells of that one alone", async ({ store }) => {
  const [web, db] = [await hostOf(store, "web"), await hostOf(store, "db")];
  const { look } = watching(store, { groupBy: ["role"] });
  for (const host of [web, db]) await push(store, host, snapshot(-50, 0), snapshot(-5, 0), snapshot(5, 0));
  const first = await look(10);
  expect(first).toHaveLength(2);
  expect(first).toContainEqual({ role: "web", from: -1, values: [0, 0] });
  await push(store, web, snapshot(15, 3));
  expect(await look(16)).toEqual([{ role: "web", from: 0, values: [3] }]);
  const cache = await hostOf(store, "cache");
  await push(store, cache, snapshot(20, 0), snapshot(30, 2));
  expect(await look(31)).toEqual([{ role: "cache", from: 0, values: [2] }]);
  const closing = await look(62);
  expect(closing).toHaveLength(3);
  expect(closing).toContainEqual({ role: "db", from: 0, values: [0, null] });
});

test("a shard that catches up with old minutes keeps no step open", async ({ store }) => {
  const host = await newHost(store);
  const { look } = watching(store, { open: false });
  await push(store, host, snapshot(-50, 0), snapshot(-5, 0), snapshot(10, 4));
  await look(11);
  await look(62);
  await push(store, host, snapshot(-3_600, 0));
  expect(await look(122, false)).toEqual([{ from: 1, values: [null] }]);
});
