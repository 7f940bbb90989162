import { z } from "zod";
import { SpillwayError } from "../errors.ts";
import type { Announcer } from "../live/announcer.ts";
import { shardsWithHours } from "../store/rollup/hour-marks.ts";
import { SeenMarks } from "../store/rollup/marks.ts";
import { rollUpHours } from "../store/rollup/roll-up-hours.ts";
import { type RollupDeps, type RollupOutcome, rollUpShard } from "../store/rollup/roll-up-shard.ts";
import { markedShards } from "../store/rollup/shards.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { JobView } from "./connection.ts";
import type { Queues } from "./queues.ts";

const shardJob = z.object({ shard: z.number().int().nonnegative() });
/** Runs of one job before it gives way to the other shards ... */
const RUNS = 20;
/** ... which it does sooner when they take so long: a shard that catches up keeps nobody's newest minute waiting. */
const GIVE_WAY_MS = 5_000;

export interface RollUpJobDeps extends RollupDeps {
  readonly queues: Queues;
  readonly announcer: Pick<Announcer, "rolledUp">;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/** Behind every shard's minutes: an hour that is told late is missed by nobody, a minute is waited for. */
const HOURS_PRIORITY = 10;

/**
 * The `rollup` queue. `tick` adds a job for each shard that has marks, one at a time for a shard; `shard`
 * turns its marks into rollups of minutes, `hours` its marked hours into rollups of hours. Safe to run twice:
 * both hold the shard's lock and are idempotent.
 */
export function rollUp(deps: RollUpJobDeps) {
  const seen = new SeenMarks();
  return async (job: JobView): Promise<void> => {
    if (job.name === "tick") return tick(deps);
    const payload = shardJob.safeParse(job.data);
    if (!payload.success) {
      throw new SpillwayError("INTERNAL", `rollup: not a shard job: ${z.prettifyError(payload.error)}`);
    }
    const { shard } = payload.data;
    const once =
      job.name === "hours"
        ? () => rollUpHours(deps, shard, deps.now())
        : async () => told(deps, shard, await rollUpShard({ ...deps, seen }, shard, deps.now()));
    const started = performance.now();
    for (let run = 0; run < RUNS && performance.now() - started < GIVE_WAY_MS; run++) {
      const outcome = await once();
      if (outcome.kind === "busy" || !outcome.more) return;
    }
  };
}

/** Tells of what a run has done: the metrics, and whoever waits for the shard. */
function told({ metrics, announcer }: RollUpJobDeps, shard: number, outcome: RollupOutcome): RollupOutcome {
  if (outcome.kind === "busy") return outcome;
  if (outcome.minutes > 0) announcer.rolledUp(shard);
  metrics.rollupSnapshots.inc(outcome.snapshots);
  const { fell, recreated, outOfOrder } = outcome.problems;
  metrics.dataProblems.inc({ problem: "counter_fell" }, fell);
  metrics.dataProblems.inc({ problem: "namespace_recreated" }, recreated);
  metrics.dataProblems.inc({ problem: "out_of_order" }, outOfOrder);
  return outcome;
}

async function tick({ db, queues, now }: RollUpJobDeps): Promise<void> {
  const shards = await markedShards(db);
  const withHours = await shardsWithHours(db, now());
  if (shards.length + withHours.length === 0) return;
  await queues.rollup.addBulk([
    ...shards.map((shard) => ({
      name: "shard",
      data: { shard },
      opts: { deduplication: { id: `shard-${shard}` } },
    })),
    ...withHours.map((shard) => ({
      name: "hours",
      data: { shard },
      opts: { deduplication: { id: `hours-${shard}` }, priority: HOURS_PRIORITY },
    })),
  ]);
}
