/** Transactions held open where a mark, a minute or an hour could be lost or doubled. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { inTransaction, type Store } from "../../src/store/client.ts";
import { readStoreState } from "../../src/store/queries/system.ts";
import { rollUpHours } from "../../src/store/rollup/roll-up-hours.ts";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { appendSnapshots, type SnapshotRow, shardOf } from "../../src/store/snapshots.ts";
import { expectedCounters, expectedCoverage } from "../support/fleet-oracle.ts";
import type { OracleSnapshot } from "../support/oracle.ts";
import { append, newHost, rowOf, type TestNamespace, watched, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";
import { storedCounters, storedCoverage } from "../support/stored-rollups.ts";
import { waitFor } from "../support/wait.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LATER = T0 + 3 * 24 * HOUR;

/** Snapshots of an unbroken run, one each 10 s: each overflows more than the one before. */
async function run(store: Store, host: TestNamespace, length: number, everySeconds = 10) {
  const history = Array.from({ length }, (_, index): OracleSnapshot => {
    const at = T0 + index * everySeconds * 1000;
    const value = BigInt(index * index);
    const values = { TcpExtListenOverflows: value, TcpActiveOpens: value * 7n };
    return { at, uptimeMs: at - T0 + 1e6, everyMs: 10_000, boot: "boot", epoch: 0, wordSize: 64, values };
  });
  const rows: SnapshotRow[] = [];
  for (const one of history) rows.push(await rowOf(store, host, one));
  return { history, rows, fleet: [{ namespaceId: host.namespaceId, history }] };
}

/** A commit that has inserted and is held. */
async function hold(store: Store, rows: readonly SnapshotRow[]) {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let inserted: () => void = () => undefined;
  const isInserted = new Promise<void>((resolve) => {
    inserted = resolve;
  });
  const done = inTransaction(store.db, async (tx) => {
    await appendSnapshots(tx, rows);
    const ids = rows.map(({ namespaceId }) => namespaceId);
    await tx.$executeRaw`UPDATE ts.mark SET namespaces = ${ids}::int[] WHERE xmin = pg_current_xact_id()::xid`;
    inserted();
    await held;
  });
  await isInserted;
  return async () => {
    release();
    await done;
  };
}

/** A gate that a worker waits at before one of its statements. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let arrive: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const wait = () => {
    arrive();
    return opened;
  };
  return { arrived, open, wait };
}

test("a snapshot committed while a worker reads is not lost: its mark outlives the run", async ({
  store,
}) => {
  const { rows, fleet } = await run(store, await newHost(store), 3);
  await append(
    store,
    rows.filter((_, index) => index !== 1),
  );
  const commit = await hold(store, rows.slice(1, 2));
  await worker(store).rollUp(LATER);
  const key = `${shardOf(fleet[0]?.namespaceId ?? 0)} TcpExtListenOverflows ${T0}` as const;
  expect((await storedCounters(store, "minute")).get(key)).toMatchObject({ total: "4" });
  await commit();
  expect(await store.db.$queryRaw`SELECT count(*)::int AS marks FROM ts.mark`).toEqual([{ marks: 1 }]);
  await worker(store).rollUp(LATER);
  expect(await storedCounters(store, "minute")).toEqual(expectedCounters(fleet, MINUTE));
  expect(await storedCoverage(store, "minute")).toEqual(expectedCoverage(fleet, MINUTE));
});

test("a snapshot committed at any statement of a run is in the rollups at the end", async ({ store }) => {
  for (let statement = 0; statement < 16; statement++) {
    const { rows, fleet } = await run(store, await newHost(store), 14);
    const late = rows.splice(4, 1);
    await append(store, rows);
    const db = watched(store.db, async (nth) => {
      if (nth === statement) await append(store, late.splice(0));
    });
    await worker({ db }).rollUp(LATER);
    // A run with fewer statements has not come so far.
    if (late.length > 0) await append(store, late);
    await worker(store).rollUp(LATER);
    const [namespace] = fleet;
    for (const resolution of ["minute", "hour"] as const) {
      const stored = await storedCounters(store, resolution);
      for (const [key, { positions }] of expectedCounters(fleet, resolution === "minute" ? MINUTE : HOUR)) {
        const id = namespace?.namespaceId ?? 0;
        expect(stored.get(key as never)?.positions[id], `statement ${statement}, ${key}`).toEqual(
          positions[id],
        );
      }
    }
  }
});

test("a mark of the open minute that shows after one with a higher id is seen by the next tick", async ({
  store,
}) => {
  const hosts = [await newHost(store), await newHost(store)] as const;
  const first = await run(store, hosts[0], 3);
  const second = await run(store, hosts[1], 3);
  const one = worker(store);
  await append(store, [...first.rows.slice(0, 2), ...second.rows.slice(0, 2)]);
  await one.rollUp(T0 + 15_000);
  const commit = await hold(store, first.rows.slice(2));
  await append(store, second.rows.slice(2));
  await one.rollUp(T0 + 25_000);
  await commit();
  await one.rollUp(T0 + 27_000);
  const [stored] = (await storedCounters(store, "minute")).values();
  const expected = expectedCounters([...first.fleet, ...second.fleet], MINUTE);
  expect(stored).toEqual(expected.get(`${shardOf(hosts[0].namespaceId)} TcpExtListenOverflows ${T0}`));
});

test("two workers that each have seen a part of the open minute leave the whole of it", async ({ store }) => {
  const hosts = [await newHost(store), await newHost(store)] as const;
  const first = await run(store, hosts[0], 6);
  const second = await run(store, hosts[1], 6);
  const workers = [worker(store), worker(store)];
  for (let index = 0; index < 6; index++) {
    await append(
      store,
      [(index % 2 === 0 ? first : second).rows[index]].flatMap((row) => row ?? []),
    );
    await workers[index % 2]?.rollUp(T0 + index * 10_000 + 1_000);
    await append(
      store,
      [(index % 2 === 0 ? second : first).rows[index]].flatMap((row) => row ?? []),
    );
    await workers[(index + 1) % 2]?.rollUp(T0 + index * 10_000 + 2_000);
  }
  const [stored] = (await storedCounters(store, "minute")).values();
  const expected = expectedCounters([...first.fleet, ...second.fleet], MINUTE);
  expect(stored).toEqual(expected.get(`${shardOf(hosts[0].namespaceId)} TcpExtListenOverflows ${T0}`));
});

test("an hour waits for the minute that is being replaced in it, and is summed up with it", async ({
  store,
}) => {
  const host = await newHost(store);
  const { rows, fleet } = await run(store, host, 14);
  await append(
    store,
    rows.filter((_, index) => index !== 4),
  );
  await worker(store).rollUp(LATER);
  await append(store, rows.slice(4, 5));

  const shard = shardOf(host.namespaceId);
  const { arrived, open, wait } = gate();
  const db = watched(store.db, async (nth) => {
    // The lock, the marks, and what is read: from here on the shard is this worker's.
    if (nth === 4) await wait();
  });
  const minutes = rollUpShard(worker({ db }).deps, shard, LATER);
  await arrived;
  const { deps } = worker(store);
  expect(await rollUpHours(deps, shard, LATER)).toEqual({ kind: "busy" });
  open();
  expect(await minutes).toMatchObject({ kind: "done" });
  expect(await rollUpHours(deps, shard, LATER)).toMatchObject({ kind: "done", hours: 1, more: false });
  expect(await storedCounters(store, "hour")).toEqual(expectedCounters(fleet, HOUR));
});

test("a minute waits for the hour that is being summed up, and marks it again", async ({ store }) => {
  const host = await newHost(store);
  const { rows, fleet } = await run(store, host, 14);
  await append(
    store,
    rows.filter((_, index) => index !== 4),
  );
  const shard = shardOf(host.namespaceId);
  const { deps } = worker(store);
  await rollUpShard(deps, shard, LATER);

  const { arrived, open, wait } = gate();
  const db = watched(store.db, async (nth) => {
    if (nth === 3) await wait();
  });
  const hours = rollUpHours(worker({ db }).deps, shard, LATER);
  await arrived;
  await append(store, rows.slice(4, 5));
  expect(await rollUpShard(deps, shard, LATER)).toEqual({ kind: "busy" });
  open();
  expect(await hours).toMatchObject({ kind: "done", hours: 1 });
  await worker(store).rollUp(LATER);
  expect(await storedCounters(store, "hour")).toEqual(expectedCounters(fleet, HOUR));
});

test("settled never passes a minute whose commit a worker could see, and never goes back", async ({
  store,
}) => {
  const { rows } = await run(store, await newHost(store), 14);
  const settled = async () =>
    (
      await store.db.$queryRaw<{ at: number }[]>`
      SELECT date_part('epoch', settled) * 1000 AS at FROM ts.shard`
    )[0]?.at;
  const one = worker(store);
  await append(store, rows.slice(0, 7));
  await one.rollUp(T0 + 65_000);
  expect(await settled()).toBe(T0 + MINUTE);
  await append(store, rows.slice(8));
  await one.rollUp(T0 + 125_000);
  expect(await settled()).toBe(T0 + 2 * MINUTE);
  await append(store, rows.slice(7, 8));
  // Another process, whose clock is behind.
  await worker(store).rollUp(T0 + 119_000);
  expect(await settled()).toBe(T0 + 2 * MINUTE);

  // The lag is that of the shard furthest behind, from when the minute after its last was over.
  const lag = async (now: number) => (await readStoreState(store.db, now)).settledLagMs;
  expect(await lag(T0 + 3 * MINUTE + 4_000)).toBe(4_000);
  await one.rollUp(T0 + 3 * MINUTE + 5_000);
  expect(await lag(T0 + 3 * MINUTE + 6_000)).toBe(0);
});

test("workers that are killed at any moment, and doubled, lose nothing and double nothing", async ({
  store,
  databaseUrl,
}) => {
  const hosts = [await newHost(store), await newHost(store), await newHost(store)];
  const runs = [];
  for (const host of hosts) runs.push(await run(store, host, 600, 11));
  const rows = runs.flatMap((one) => one.rows);
  const child = () => {
    const started = fork(
      new URL("../support/rollup-worker.ts", import.meta.url),
      [databaseUrl, String(LATER)],
      {
        execArgv: ["--import", "tsx"],
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      },
    );
    const exited = once(started, "exit");
    const ready = once(started, "message");
    return { kill: () => started.kill("SIGKILL"), ready, exited };
  };
  for (let round = 0; round < 4; round++) {
    const part = rows.filter((_, index) => index % 4 === round);
    const workers = [child(), child()];
    await Promise.all(workers.map(({ ready }) => ready));
    for (let start = 0; start < part.length; start += 50) await append(store, part.slice(start, start + 50));
    // Somewhere within a run: the rounds differ.
    await pause(round * 7);
    for (const { kill, exited } of workers) {
      kill();
      await exited;
    }
  }
  // The server ends a killed worker's transaction, and frees its lock, when it finds the connection closed.
  await waitFor("the locks of killed workers to go", async () => {
    const rest = await store.db.$queryRaw<{ n: number }[]>`
      SELECT count(*)::int AS n FROM pg_locks
      WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    return rest[0]?.n === 0;
  });
  await worker(store).rollUp(LATER);
  const fleet = runs.flatMap((one) => one.fleet);
  expect(await storedCounters(store, "minute")).toEqual(expectedCounters(fleet, MINUTE));
  expect(await storedCoverage(store, "minute")).toEqual(expectedCoverage(fleet, MINUTE));
  expect(await storedCounters(store, "hour")).toEqual(expectedCounters(fleet, HOUR));
}, 300_000);

test("marks of minutes that are not over, however many, keep no closed minute from being rolled up", async ({
  store,
}) => {
  const { rows, fleet } = await run(store, await newHost(store), 12);
  const shard = shardOf(fleet[0]?.namespaceId ?? 0);
  // As of a busy fleet whose clock is ahead of this worker's.
  await store.db.$executeRaw`
    INSERT INTO ts.mark (shard, minute) SELECT ${shard}, to_timestamp(${(T0 + 10 * MINUTE) / 1000}::float8)
    FROM generate_series(1, 20000)`;
  await append(store, rows);
  const outcome = await rollUpShard(worker(store).deps, shard, T0 + 5 * MINUTE);
  expect(outcome).toMatchObject({ kind: "done", more: false });
  expect(await storedCounters(store, "minute")).toEqual(expectedCounters(fleet, MINUTE));
});
