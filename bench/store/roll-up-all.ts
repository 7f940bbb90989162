import { isEventCounter } from "../../src/catalog/catalog.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import { Partitions } from "../../src/store/partitions.ts";
import { rollUpShard } from "../../src/store/rollup/roll-up-shard.ts";
import { markedShards } from "../../src/store/rollup/shards.ts";

/** Rolls up every marked minute that is over at `now`, as a worker does, in this process. */
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
  return { snapshots };
}
