/** Rollups made anew when what they were first made of has gone: they say the same. */
import { expect } from "vitest";
import { expirePartitions } from "../../src/store/retention/expire-partitions.ts";
import { LATE_MARGIN_MS } from "../../src/store/retention/policy.ts";
import { expectedCounters } from "../support/fleet-oracle.ts";
import type { OracleSnapshot } from "../support/oracle.ts";
import { append, newHost, rowOf, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";
import { storedCounters } from "../support/stored-rollups.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LATER = T0 + 10 * DAY;

test("an increase is the same when what lay before its pause has been dropped meanwhile", async ({
  store,
}) => {
  const [host, neighbour] = [await newHost(store), await newHost(store)];
  const sample = (at: number, boot: number, uptimeMs: number, value: bigint): OracleSnapshot => {
    const values = { TcpExtListenOverflows: value, TcpActiveOpens: value };
    return { at, uptimeMs, everyMs: 10_000, boot: `boot ${boot}`, epoch: 0, wordSize: 64, values };
  };
  // Off for three days; and off for twenty hours.
  const days = [sample(T0, 1, 1e6, 40n), sample(T0 + 72 * HOUR, 2, 5_000, 100n)];
  const hours = [sample(T0 + 52 * HOUR, 1, 1e6, 7n), sample(T0 + 72 * HOUR, 2, 5_000, 100n)];
  const fleet = [
    { ...host, history: days },
    { ...neighbour, history: hours },
  ];
  for (const { history, ...namespace } of fleet) {
    for (const one of history) await append(store, [await rowOf(store, namespace, one)]);
  }
  await worker(store).rollUp(LATER);
  const before = await storedCounters(store, "minute");
  expect(before).toEqual(expectedCounters(fleet, MINUTE));

  // The oldest snapshot that is taken in is a day older than what is dropped. A late one has the minute made anew.
  const rawMs = 60 * HOUR;
  const now = T0 + 72 * HOUR + rawMs - LATE_MARGIN_MS;
  await expirePartitions(store.db, { rawMs, minuteMs: 400 * DAY, hourMs: 400 * DAY }, now);
  expect(await store.db.$queryRaw`SELECT min(at) AS oldest FROM ts.snapshot`).toEqual([
    { oldest: new Date(T0 + 52 * HOUR) },
  ]);
  const late = await newHost(store);
  await append(store, [await rowOf(store, late, sample(T0 + 72 * HOUR, 1, 1e6, 3n))]);
  await worker(store).rollUp(LATER);
  expect(await storedCounters(store, "minute")).toEqual(before);
});
