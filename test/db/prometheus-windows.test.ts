/** Windows of rates over hosts that are read at unlike intervals: the same at every time, whatever the clock's minute. */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { registerNamespace } from "../../src/store/namespaces.ts";
import { gridOf } from "../../src/store/queries/range.ts";
import { readWindowRates } from "../../src/store/queries/window-rates.ts";
import { plainWindow } from "../support/plain-promql.ts";
import { type Promql, promql } from "../support/promql.ts";
import { closeTo, HOUR, MINUTE } from "../support/query-world.ts";
import { test } from "../support/store.ts";
import { type FleetSnapshot, rollUpAll, storeHost, storeSnapshots } from "../support/stored-fleet.ts";

const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 40);
const NAMES = ["TcpPassiveOpens", "TcpExtListenOverflows"];
const T0 = Date.UTC(2026, 10, 22, 11, 20);
const LENGTH = 3 * HOUR;
const LATER = T0 + 24 * HOUR;

interface Reading {
  readonly hostId: number;
  readonly namespaceId: number;
  readonly everyMs: number;
  readonly from: number;
  readonly to: number;
  readonly bootAt: number;
  readonly values: (at: number) => readonly [opens: number, overflows: number];
}

/** A namespace that is read at equal intervals. */
function readings({ hostId, namespaceId, everyMs, from, to, bootAt, values }: Reading): FleetSnapshot[] {
  const snapshots: FleetSnapshot[] = [];
  for (let at = from; at < to; at += everyMs) {
    const [opens, overflows] = values(at);
    snapshots.push({
      hostId,
      namespaceId,
      at,
      uptimeMs: at - bootAt,
      everyMs,
      boot: `00000000-0000-4000-8000-${String(bootAt / 1_000).padStart(12, "0")}`,
      epoch: 0,
      wordSize: 64,
      values: { TcpPassiveOpens: BigInt(Math.floor(opens)), TcpExtListenOverflows: BigInt(overflows) },
    });
  }
  return snapshots;
}

/** A host in a shard of its own, as in a fleet of thousands: of many shards only those that moved are read. */
async function hostOf(store: Store, name: string, role: string, container: Record<string, string> | null) {
  await store.db.$queryRaw`SELECT setval('namespace_root_id', nextval('namespace_root_id') + 256)::text`;
  const { hostId, namespaceIds } = await storeHost(store, { name, labels: { role }, container });
  return { hostId, root: namespaceIds[0] ?? 0, container: namespaceIds[1] ?? 0 };
}

interface World {
  readonly snapshots: readonly FleetSnapshot[];
  readonly ask: Promql;
  /** The labels of a namespace's series. */
  readonly labels: ReadonlyMap<number, Readonly<Record<string, string>>>;
}

/** Hosts that are read every 10 seconds to every 5 minutes, that restart, fall silent, and whose containers are made anew. */
async function worldOn(store: Store): Promise<World> {
  const snapshots: FleetSnapshot[] = [];
  const labels = new Map<number, Readonly<Record<string, string>>>();
  const bootAt = T0 - 10 * HOUR;
  for (const [place, seconds] of [10, 15, 60, 120, 300, 60, 120].entries()) {
    const [name, role] = [`h${place}`, place % 2 === 0 ? "web" : "db"];
    const host = await hostOf(store, name, role, place < 4 ? { container: "app" } : null);
    labels.set(host.root, { instance: name, role });
    const everyMs = seconds * 1_000;
    const own = { hostId: host.hostId, everyMs };
    // Unlike rates, of which one comes in bursts; an overflow now and then.
    const values = (at: number) =>
      [
        place === 2 ? 500 * Math.floor((at - bootAt) / (7 * MINUTE)) : ((at - bootAt) / 1_000) * (place + 3),
        3 * Math.floor((at - bootAt + place * 13 * MINUTE) / (71 * MINUTE)),
      ] as const;
    const root = { ...own, namespaceId: host.root, from: T0 + place * 1_700, bootAt, values };
    const falls = T0 + (60 + place * 5) * MINUTE;
    snapshots.push(...readings({ ...root, to: falls }));
    // Of those that are left half are silent for 17 minutes, the others restart.
    const [from, booted] = place % 2 === 0 ? [falls + 17 * MINUTE, bootAt] : [falls + MINUTE, falls];
    const since = (at: number) => values(at).map((value, index) => value - (values(booted)[index] ?? 0));
    const after = (at: number) => (booted === bootAt ? values(at) : ([...since(at)] as [number, number]));
    snapshots.push(...readings({ ...root, from, to: T0 + LENGTH, bootAt: booted, values: after }));
    if (place >= 4) continue;
    const key = { kind: "CONTAINER", bootId: randomUUID(), inode: "4026532001", birth: 2 } as const;
    const facts = { containerId: "c2", name: "c2", labels: { container: "app" } };
    const anew = await registerNamespace(store.db, host.hostId, key, facts);
    const made = T0 + (80 + place) * MINUTE + 25_000;
    for (const [id, start, end] of [
      [host.container, T0, made],
      [anew, made, T0 + LENGTH],
    ] as const) {
      labels.set(id, { container: "app", instance: name, role });
      snapshots.push(
        ...readings({
          ...own,
          namespaceId: id,
          from: start,
          to: end,
          bootAt,
          values: (at) => [(at - start) / 50, Math.floor((at - start) / (29 * MINUTE))],
        }),
      );
    }
  }
  await storeSnapshots(store, NAMES, snapshots);
  await rollUpAll(store, LATER);
  return { snapshots, labels, ask: promql(store.db, LATER) };
}

const question = fc.record({
  call: fc.constantFrom("rate", "irate", "increase"),
  counter: fc.constantFrom("TcpPassiveOpens", "TcpExtListenOverflows"),
  by: fc.constantFrom<string | null>(null, "role", "instance"),
  startSeconds: fc.oneof(
    fc.integer({ min: -600, max: LENGTH / 1_000 + 600 }),
    fc.integer({ min: 0, max: 36 }).map((five) => five * 300),
  ),
  stepSeconds: fc.constantFrom(15, 60, 240, 300, 420, 1_800, 3_600),
  points: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 30 })),
  windowSeconds: fc.constantFrom(60, 90, 240, 300, 600, 3_600, 7_200),
});

type Question = typeof question extends fc.Arbitrary<infer One> ? One : never;

/** Windows of whole hours, which are read from hours. */
const HOURLY = [1, 2].flatMap((points) =>
  ([3_600, 7_200] as const).map(
    (windowSeconds): Question => ({
      call: "rate",
      counter: "TcpPassiveOpens",
      by: "role",
      startSeconds: 100 * 60,
      stepSeconds: 3_600,
      points,
      windowSeconds,
    }),
  ),
);

const textOf = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(" ");

test("rates and increases equal a plain evaluation of the raw snapshots, at every time", async ({
  store,
}) => {
  const { snapshots, labels, ask } = await worldOn(store);
  await fc.assert(
    fc.asyncProperty(question, async (asked) => {
      const { call, counter, by, startSeconds, stepSeconds, points, windowSeconds } = asked;
      const inner = `${call}(${counter}[${windowSeconds}s])`;
      const query = by === null ? inner : `sum by (${by}) (${inner})`;
      const [start, stepMs] = [T0 + startSeconds * 1_000, stepSeconds * 1_000];
      const told =
        points === 1
          ? Object.fromEntries(
              Object.entries(await ask.at(query, start)).map(([key, value]) => [key, [value]]),
            )
          : await ask.over(query, start, start + (points - 1) * stepMs, stepMs);
      const expected: Record<string, unknown[]> = {};
      for (let time = 0; time < points; time++) {
        const values = plainWindow(snapshots, {
          call,
          counter,
          at: start + time * stepMs,
          windowMs: windowSeconds * 1_000,
          seriesOf: (id) => textOf(labels.get(id) ?? {}),
          groupOf: (series) =>
            by === null ? series : (series.split(" ").find((label) => label.startsWith(by)) ?? ""),
        });
        for (const [group, value] of values) {
          expected[group] ??= new Array<null>(points).fill(null);
          expected[group][time] = closeTo(value);
        }
      }
      expect(told).toEqual(expected);
    }),
    { numRuns: RUNS * 2, examples: HOURLY.map((one): [Question] => [one]) },
  );
}, 300_000);

test("what is too much to be kept until it leaves the window is read again, and comes to the same", async ({
  store,
}) => {
  const { labels } = await worldOn(store);
  const { db } = store;
  const { id: counterId } = await db.counter.findFirstOrThrow({ where: { name: "TcpPassiveOpens" } });
  const layoutIds = (await db.layout.findMany()).map(({ id }) => id);
  const seriesOf = new Map([...labels.keys()].map((id, series) => [id, series]));
  const range = { from: T0, to: T0 + LENGTH };
  const query = {
    counterId,
    reporters: { layoutIds, event: false },
    range,
    grid: gridOf(range, MINUTE),
    width: 30,
    ends: Array.from({ length: 75 }, (_, index) => 30 + 2 * index),
    groups: { labels: [...labels.values()], of: seriesOf, changes: [] },
    seriesOf,
    lastMinute: false,
    fleet: await new FleetView(db, () => LATER).read(),
    now: LATER,
  };
  const kept = await readWindowRates(db, query);
  expect(kept.flat().filter((value) => value !== null && value > 0).length).toBeGreaterThan(100);
  expect(await readWindowRates(db, { ...query, heldMost: 0 })).toEqual(kept);
});

describe("at every minute of the clock", () => {
  test("hosts of unlike intervals add up to what they do", async ({ store }) => {
    const snapshots: FleetSnapshot[] = [];
    const steady = (at: number) => [(at - T0) / 100, 0] as const;
    for (const [place, seconds] of [10, 120].entries()) {
      const { hostId, root } = await hostOf(store, `h${place}`, "web", null);
      const to = T0 + 30 * MINUTE;
      const bootAt = T0 - HOUR;
      snapshots.push(
        ...readings({
          hostId,
          namespaceId: root,
          everyMs: seconds * 1_000,
          from: T0,
          to,
          bootAt,
          values: steady,
        }),
      );
    }
    await storeSnapshots(store, NAMES, snapshots);
    await rollUpAll(store, LATER);
    const { at, over } = promql(store.db, LATER);
    const query = "sum(rate(PassiveOpens[5m]))";
    for (const minute of [15, 16, 17]) {
      expect(await at(query, T0 + minute * MINUTE)).toEqual({ "": closeTo(20) });
    }
    const { "": values } = await over(query, T0 + 10 * MINUTE, T0 + 25 * MINUTE, 30_000);
    expect(values).toEqual(new Array(31).fill(closeTo(20)));
  });

  test("a minute of which little was covered weighs as little", async ({ store }) => {
    const { hostId, root } = await hostOf(store, "h", "web", null);
    const reading = { hostId, namespaceId: root, everyMs: 10_000, bootAt: T0 - HOUR };
    // Covered for ten seconds of the first minute, in which it grew, and for nearly all of the next four.
    await storeSnapshots(store, NAMES, [
      ...readings({
        ...reading,
        from: T0 + 30_000,
        to: T0 + 50_000,
        values: (at) => [(at - T0 - 30_000) / 10, 0],
      }),
      ...readings({ ...reading, from: T0 + 90_000, to: T0 + 6 * MINUTE, values: () => [1_000, 0] }),
    ]);
    await rollUpAll(store, LATER);
    const { at, over } = promql(store.db, LATER);
    // Ten seconds, twenty after the silence, and three minutes.
    const expected = { "instance=h role=web": closeTo(1_000 / 210) };
    expect(await at("rate(PassiveOpens[5m])", T0 + 5 * MINUTE)).toEqual(expected);
    const later = await over("rate(PassiveOpens[5m])", T0 + 5 * MINUTE, T0 + 6 * MINUTE, MINUTE);
    expect(later).toEqual({ "instance=h role=web": [closeTo(1_000 / 210), 0] });
  });
});

test("containers of one name that live side by side add up, those that follow one another do not", async ({
  store,
}) => {
  const { hostId, container } = await hostOf(store, "h", "web", { container: "app" });
  const beside = (inode: string) =>
    registerNamespace(
      store.db,
      hostId,
      { kind: "CONTAINER", bootId: randomUUID(), inode, birth: 2 },
      { containerId: inode, name: inode, labels: { container: "app" } },
    );
  const [second, third] = [await beside("4026532001"), await beside("4026532002")];
  const reading = {
    hostId,
    everyMs: 10_000,
    bootAt: T0 - HOUR,
    values: (at: number) => [(at - T0) / 100, 0] as const,
  };
  const made = T0 + 12 * MINUTE + 35_000;
  await storeSnapshots(store, NAMES, [
    ...readings({ ...reading, namespaceId: container, from: T0, to: T0 + 25 * MINUTE }),
    ...readings({ ...reading, namespaceId: second, from: T0, to: made }),
    ...readings({ ...reading, namespaceId: third, from: made, to: T0 + 25 * MINUTE }),
  ]);
  await rollUpAll(store, LATER);
  const { at, over } = promql(store.db, LATER);
  const query = 'rate(PassiveOpens{container="app"}[5m])';
  const name = "container=app instance=h role=web";
  expect(await at(query, T0 + 6 * MINUTE)).toEqual({ [name]: closeTo(20) });
  expect(await at(query, T0 + 25 * MINUTE)).toEqual({ [name]: closeTo(20) });
  const { [name]: values } = await over(query, T0 + 6 * MINUTE, T0 + 25 * MINUTE, MINUTE);
  expect(values).toEqual(new Array(20).fill(closeTo(20)));
});
