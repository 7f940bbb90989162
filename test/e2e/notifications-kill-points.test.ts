/**
 * A worker's process killed by SIGKILL at each point between the outbox and the log, once while beginnings are told and
 * once while ends are: each far end hears of each of them, under one key, and twice only where a death lies between.
 */
import { describe, expect } from "vitest";
import type { PrismaClient } from "../../src/store/client.ts";
import { judge, recover } from "../support/incidents.ts";
import { MortalWorker, type PointName, type Said } from "../support/mortal-worker.ts";
import { test } from "../support/store.ts";

/** Side by side: most of the time is waiting for what dead workers hold. Each has a point at which it is sent twice. */
const LANES: readonly (readonly PointName[])[] = [
  [
    "before it takes the outbox",
    "after a delivery that it plans is committed",
    "after it has claimed a delivery",
    "after its request has come, before it hears the answer",
  ],
  [
    "before what it has taken is committed",
    "before a delivery that it plans is committed",
    "with its request on the way",
    "with the answer, before it writes the log",
  ],
  [
    "after what it has taken is committed",
    "before it claims a delivery",
    "before the log is committed",
    "after the log is committed",
  ],
];

function expectToldOnce(said: readonly Said[], expected: readonly string[]): void {
  const once = [...new Map(said.map((one) => [one.key, one.words])).values()];
  expect(once.toSorted()).toEqual(expected.toSorted());
  for (const { key, words } of said) {
    const same = said.filter((one) => one.key === key);
    expect(new Set(same.map((one) => one.words))).toEqual(new Set([words]));
    // Of one life each is heard once: whatever is heard again, a death has come between.
    const lives = same.map(({ life }) => life);
    expect(new Set(lives).size, words).toBe(lives.length);
  }
}

/** At each of them, while its beginning is told and while its end is, of an incident that is called by it. */
async function killAtEach(
  points: readonly PointName[],
  worker: MortalWorker,
  db: PrismaClient,
): Promise<void> {
  for (const point of points) {
    const now = Date.now();
    await judge(db, { dedupKey: point, title: `killed ${point}`, startedAt: now, judgedAt: now });
    await worker.kill(point);
  }
  await worker.settle(2 * points.length);
  for (const point of points) {
    await recover(db, { dedupKey: point, judgedAt: Date.now() + 1 });
    await worker.kill(point);
  }
  await worker.settle(4 * points.length);

  for (const [farEnd, begins, ends] of [
    [worker.pager, "trigger", "resolve"],
    [worker.hook, "incident.opened", "incident.resolved"],
  ] as const) {
    expect(farEnd.faults).toEqual([]);
    const said = worker.said(farEnd);
    expectToldOnce(
      said,
      points.flatMap((point) => [`${begins} killed ${point}`, `${ends} killed ${point}`]),
    );
    for (const point of points) {
      const words = said.map((one) => one.words);
      const lastBeginning = words.lastIndexOf(`${begins} killed ${point}`);
      expect(words.indexOf(`${ends} killed ${point}`), point).toBeGreaterThan(lastBeginning);
    }
  }
  // It was killed where it had been heard and did not know: that is what comes twice.
  expect(worker.heard).toBeGreaterThan(4 * points.length);
}

describe.concurrent("kill -9 of a worker", () => {
  for (const points of LANES) {
    test(points.join("; "), { timeout: 900_000 }, async ({ store: { db }, databaseUrl }) => {
      const worker = await MortalWorker.make(db, databaseUrl);
      try {
        await killAtEach(points, worker, db);
      } finally {
        await worker.close();
      }
    });
  }
});
