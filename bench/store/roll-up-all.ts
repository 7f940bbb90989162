import { isEventCounter } from "../../src/catalog/catalog.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { shardsWithHours } from "../../src/store/rollup/hour-marks.ts";
import { rollUpHours } from "../../src/store/rollup/roll-up-hours.ts";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";

/** Rolls up every marked minute, and then every marked hour, that is over at `now`, as a worker does, in this process. */
export async function rollUpAll(db: PrismaClient, now: number): Promise<{ readonly snapshots: number }> {
  const deps = {
    db,
    reader: new SnapshotReader(new LayoutCache()),
    partitions: new Partitions(),
    isEventCounter,
  };
  let snapshots = 0;
  for (const shard of await markedShards(db)) {
    for (;;) {
      const outcome = await rollUpShard(deps, shard, now);
      if (outcome.kind === "busy") break;
      snapshots += outcome.snapshots;
      if (!outcome.more) break;
    }
  }
  await rollUpAllHours(db, now);
  return { snapshots };
}

export async function rollUpAllHours(db: PrismaClient, now: number): Promise<void> {
  const deps = { db, partitions: new Partitions() };
  for (const shard of await shardsWithHours(db, now)) {
    for (let more = true; more; ) {
      const outcome = await rollUpHours(deps, shard, now);
      more = outcome.kind === "done" && outcome.more;
    }
  }
}
