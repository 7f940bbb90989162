/** The same comes of detection however often it is run, by whom, and wherever one of them ends. */
import { describe, expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { shardsBehind } from "../../src/store/detect/state.ts";
import { append, detector, FULL, forgetDetection, type Moves, MovingHost } from "../support/detection.ts";
import type { Part } from "../support/live.ts";
import { dying } from "../support/rollups.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const CALM: Moves = { accepted: 50 };
const STALLED: Moves = { overflows: 60, drops: 60 };

/** All that detection has written, but for ids and how often a row was touched. */
async function written({ db }: Store) {
  const incidents = await db.incident.findMany({
    orderBy: { id: "asc" },
    include: { timeline: { orderBy: { id: "asc" } }, hosts: true },
  });
  const anomalies = await db.anomaly.findMany({
    orderBy: [{ startedAt: "asc" }, { detector: "asc" }, { counter: "asc" }],
  });
  return JSON.parse(
    JSON.stringify({ incidents, anomalies }, (key, value) =>
      ["id", "revision", "updatedAt", "incidentId"].includes(key)
        ? undefined
        : typeof value === "bigint"
          ? Number(value)
          : value,
    ),
  );
}

describe("the same comes of it", () => {
  const story: Part[] = [
    [12, CALM],
    [6, STALLED, FULL],
    [34, CALM],
  ];

  async function stored(store: Store): Promise<number> {
    const host = await MovingHost.make(store, "web-1", T0, { role: "web" });
    for (const part of story) await append(store, await host.intervals(...part));
    const now = host.at + MINUTE;
    await detector(store).run(now);
    return now;
  }

  test("when it is judged again, by another worker, or by two at a time", async ({ store }) => {
    const now = await stored(store);
    const once = await written(store);
    expect(once.incidents).toHaveLength(1);
    await detector(store).run(now);
    expect(await written(store)).toEqual(once);
    await forgetDetection(store);
    await Promise.all([detector(store).judge(now), detector(store).judge(now)]);
    await detector(store).judge(now);
    expect(await written(store)).toEqual(once);
  });

  test("when a worker is killed before whichever of its statements", async ({ store }) => {
    const now = await stored(store);
    const once = await written(store);
    for (let statement = 0; ; statement++) {
      await forgetDetection(store);
      const victim = detector({ ...store, db: dying(store.db, statement) });
      const survived = await victim.judge(now).then(
        () => true,
        () => false,
      );
      await detector(store).judge(now);
      expect(await written(store)).toEqual(once);
      if (survived) break;
    }
  });

  test("when the baselines are damaged, or of another version", async ({ store }) => {
    const now = await stored(store);
    const once = await written(store);
    await store.db.detectState.updateMany({ data: { baselines: Buffer.from("no baselines") } });
    await detector(store).run(now);
    expect(await written(store)).toEqual(once);
  });

  test("when the queue is lost: shards that nobody judged are found by how far they were", async ({
    store,
  }) => {
    const host = await MovingHost.make(store, "web-1", T0);
    await append(store, await host.intervals(12, CALM));
    const { rollUp, judge } = detector(store);
    const now = host.at + MINUTE;
    await rollUp(now);
    const shard = host.member.namespaceId >> 8;
    expect(await shardsBehind(store.db, now)).toEqual([shard]);
    await judge(now);
    expect(await shardsBehind(store.db, Math.floor((now - 20_000) / MINUTE) * MINUTE)).toEqual([]);
  });
});
