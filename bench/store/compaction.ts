import type { PrismaClient } from "../../src/store/client.ts";
import { closeHour } from "../../src/store/compaction/close-hour.ts";
import { hoursToCompact, sealHour, shardsToStage } from "../../src/store/compaction/hours.ts";
import { stageShard } from "../../src/store/compaction/stage-shard.ts";
import { Partitions } from "../../src/store/partitions.ts";

/** Compacts every hour that is over at `now`, as a worker does, in this process. */
export async function compactAll(db: PrismaClient, now: number): Promise<{ readonly snapshots: number }> {
  const hours = await hoursToCompact(db, now);
  await new Partitions().ensure(db, "snapshot_hour", hours);
  let snapshots = 0;
  for (const hour of hours) {
    if (!(await sealHour(db, hour))) throw new Error("somebody else uses the hour that is to be compacted");
    for (const shard of await shardsToStage(db, hour)) {
      const outcome = await stageShard(db, hour, shard);
      if (outcome.kind === "staged") snapshots += outcome.snapshots;
    }
    const { kind } = await closeHour(db, hour);
    if (kind !== "closed") throw new Error(`an hour could not be closed: ${kind}`);
  }
  return { snapshots };
}
