/** Rollups of minutes and hours of a few counters of a large fleet, by the store's own code, without the snapshots under them. */
import { GaugeSums } from "../../src/rates/gauges.ts";
import { MINUTE_MS, MinuteSum } from "../../src/rates/minute.ts";
import type { Snapshot } from "../../src/rates/snapshot.ts";
import { type CounterValues, counterValues } from "../../src/rates/values.ts";
import { inTransaction, type PrismaClient } from "../../src/store/client.ts";
import { SHARD_SIZE } from "../../src/store/codec/positions.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { markHours } from "../../src/store/rollup/hour-marks.ts";
import { settle } from "../../src/store/rollup/shards.ts";
import type { RolledMinute } from "../../src/store/rollup/sum-minute.ts";
import { replaceMinutes } from "../../src/store/rollup/write.ts";
import { shardOf } from "../../src/store/snapshots.ts";
import type { FleetOptions } from "../fleet/fleet.ts";
import type { StoredFleet } from "./fill.ts";
import { rollUpAllHours } from "./roll-up-all.ts";
import { twoCounters } from "./two-counters.ts";

const MINUTES_PER_WRITE = 60;

/** How much each counter of the layout grew in each interval on one host. */
export type Growth = (fleet: FleetOptions, index: number, steps: number) => readonly Float64Array[];

/** Of the layout [EVENT, DENSE]. */
const growthOfTwo: Growth = (fleet, index, steps) => {
  const { event, dense } = twoCounters(fleet, index, steps);
  return [event, dense];
};

/** @param stored registered with the layout that `growth` tells of */
export async function fillRollups(
  db: PrismaClient,
  fleet: FleetOptions,
  stored: StoredFleet,
  minutes: number,
  growth: Growth = growthOfTwo,
): Promise<void> {
  const layout = (await new LayoutCache().load(db, [stored.layoutId])).get(stored.layoutId);
  if (layout === undefined) throw new Error("the layout is gone");
  const perMinute = MINUTE_MS / fleet.everyMs;
  const partitions = new Partitions();
  const times = Array.from({ length: minutes }, (_, minute) => fleet.startMs + minute * MINUTE_MS);
  for (const table of ["rollup_minute", "coverage", "gauge_minute", "listener_minute"] as const)
    await partitions.ensure(db, table, times);

  const shards = new Map<number, { readonly position: number; readonly index: number }[]>();
  stored.hosts.forEach(({ namespaceId }, index) => {
    const members = shards.get(shardOf(namespaceId)) ?? [];
    members.push({ position: namespaceId % SHARD_SIZE, index });
    shards.set(shardOf(namespaceId), members);
  });
  for (const [shard, members] of shards) {
    const grown = members.map(({ index }) => growth(fleet, index, minutes * perMinute));
    for (let first = 0; first < minutes; first += MINUTES_PER_WRITE) {
      const rolled: RolledMinute[] = times.slice(first, first + MINUTES_PER_WRITE).map((minute, place) => {
        const sum = new MinuteSum();
        members.forEach(({ position }, member) => {
          const own = grown[member];
          if (own === undefined) return;
          const counts = inMinute(own, (first + place) * perMinute, perMinute);
          // Of a snapshot the sum reads its layout alone.
          sum.add(position, { layout } as Snapshot, { baseline: null, ratedMs: MINUTE_MS, counts, fell: [] });
        });
        return { minute, sum, closed: { gauges: new GaugeSums(), listeners: [] }, snapshots: 0 };
      });
      const over = rolled.map(({ minute }) => minute);
      await inTransaction(db, async (tx) => {
        await replaceMinutes(tx, shard, rolled);
        await markHours(tx, shard, over);
        await settle(tx, shard, (over.at(-1) ?? 0) + MINUTE_MS);
      });
    }
  }
  await rollUpAllHours(db, Date.now());
  await db.$executeRaw`ANALYZE`;
}

function inMinute(grown: readonly Float64Array[], from: number, steps: number): CounterValues {
  return counterValues(
    grown.map((counter) => counter.subarray(from, from + steps).reduce((sum, by) => sum + by, 0)),
  );
}
