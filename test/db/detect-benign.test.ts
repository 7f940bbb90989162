/** What happens to counters of healthy hosts, through the jobs and a real store: nothing comes of it. */
import { expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { append, detector, incidentsOf, type Moves, MovingHost } from "../support/detection.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Nearly every counter moves. */
const BUSY: Moves = {
  accepted: 500,
  opened: 200,
  segmentsSent: 90_000,
  retransmits: 40,
  synRetransmits: 10,
  resets: 5,
  resetsSent: 5,
  attemptsFailed: 2,
};

async function expectNothing(store: Store): Promise<void> {
  expect(await incidentsOf(store)).toEqual([]);
  expect(await store.db.anomaly.findMany()).toEqual([]);
  // It was judged indeed.
  expect(await store.db.detectState.count({ where: { baselines: { not: null } } })).toBe(1);
}

const steps = [
  ["an hour forward", HOUR],
  ["an hour back", -HOUR],
  ["two seconds back", -2_000],
] as const;
test.for(steps)("a clock that is set %s", async ([, step], { store }) => {
  // By its clock in the past, so that none of it lies in the service's future.
  const host = await MovingHost.make(store, "web-1", T0);
  await append(store, await host.intervals(30, BUSY));
  await detector(store).run(T0 + 2 * HOUR);
  host.stepClock(step);
  await append(store, await host.intervals(30, BUSY));
  await detector(store).run(T0 + 2 * HOUR);
  await expectNothing(store);
});

/** One of 64 bits does not come to its end: there a fall is a fault of the data. */
const large = [
  ["32 bits that wrap", 32, 2n ** 32n],
  ["64 bits that go on beyond those of 32", 64, 2n ** 32n],
  ["64 bits that no float holds any more", 64, 2n ** 53n],
] as const;
test.for(large)("counters of %s", async ([, wordSize, bound], { store }) => {
  const host = await MovingHost.make(store, "web-1", T0);
  host.wordSize = wordSize;
  // Each passes it in another interval.
  for (const measure of Object.keys(BUSY) as (keyof Moves)[]) host.begin(measure, bound - 1_000n);
  await append(store, await host.intervals(30, BUSY));
  await detector(store).run(host.at + MINUTE);
  await expectNothing(store);
});

test("two hours that come at once, the newest first, beside a host that was heard of all the time", async ({
  store,
}) => {
  const [steady, late] = [
    await MovingHost.make(store, "web-1", T0),
    await MovingHost.make(store, "web-2", T0),
  ];
  const { run } = detector(store);
  await append(store, await late.intervals(30, BUSY));
  await append(store, await steady.intervals(30, BUSY));
  await run(steady.at);
  await append(store, await steady.intervals(720, BUSY));
  await run(steady.at);
  const rows = await late.intervals(720, BUSY);
  await append(store, rows.slice(360).reverse());
  await run(steady.at + MINUTE);
  await append(store, rows.slice(0, 360).reverse());
  await run(steady.at + 2 * MINUTE);
  await run(steady.at + 3 * MINUTE);
  await expectNothing(store);
});
