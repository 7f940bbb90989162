import { z } from "zod";
import { SpillwayError } from "../errors.ts";
import { markedShards } from "../store/rollup/read.ts";
import { type RollupDeps, rollUpShard } from "../store/rollup/roll-up-shard.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { JobView } from "./connection.ts";
import type { Queues } from "./queues.ts";

const shardJob = z.object({ shard: z.number().int().nonnegative() });
/** Runs of one job before it gives way to the other shards. */
const RUNS = 20;

export interface RollUpJobDeps extends RollupDeps {
  readonly queues: Queues;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/**
 * The `rollup` queue. `tick` adds a job for each shard that has marks, one at a time for a shard; `shard`
 * turns its marks into rollups. Safe to run twice: rollUpShard holds the shard's lock and is idempotent.
 */
export function rollUp(deps: RollUpJobDeps) {
  return async (job: JobView): Promise<void> => {
    if (job.name === "tick") return tick(deps);
    const payload = shardJob.safeParse(job.data);
    if (!payload.success) {
      throw new SpillwayError("INTERNAL", `rollup: not a shard job: ${z.prettifyError(payload.error)}`);
    }
    for (let run = 0; run < RUNS; run++) {
      const outcome = await rollUpShard(deps, payload.data.shard, deps.now());
      if (outcome.kind === "busy") return;
      deps.metrics.rollupSnapshots.inc(outcome.snapshots);
      if (!outcome.more) return;
    }
  };
}

async function tick({ db, queues }: RollUpJobDeps): Promise<void> {
  const shards = await markedShards(db);
  if (shards.length === 0) return;
  await queues.rollup.addBulk(
    shards.map((shard) => ({
      name: "shard",
      data: { shard },
      opts: { deduplication: { id: `shard-${shard}` } },
    })),
  );
}
