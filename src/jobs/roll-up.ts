import { z } from "zod";
import { SpillwayError } from "../errors.ts";
import type { Announcer } from "../live/announcer.ts";
import { shardsWithHours } from "../store/rollup/hour-marks.ts";
import { SeenMarks } from "../store/rollup/marks.ts";
import { retryAside } from "../store/rollup/retry-aside.ts";
import { type HoursOutcome, rollUpHours } from "../store/rollup/roll-up-hours.ts";
import { type RollupDeps, type RollupOutcome, rollUpShard } from "../store/rollup/roll-up-shard.ts";
import { countAside } from "../store/rollup/set-aside.ts";
import { markedShards } from "../store/rollup/shards.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { judgeSoon } from "./detect.ts";
import type { JobView } from "./queue-backend.ts";
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
  readonly log: Logger;
  readonly now: () => number;
}

/** Of what cannot be read at most so much is named in one line of the log. */
const TOLD = 10;

/** Behind every shard's minutes: an hour that is told late is missed by nobody, a minute is waited for. */
const HOURS_PRIORITY = 10;

/**
 * The `rollup` queue. `tick` adds a job for each shard that has marks, one at a time for a shard; `shard`
 * turns its marks into rollups of minutes, `hours` its marked hours into rollups of hours, `retry` looks again at
 * what could not be read. Safe to run twice: all hold the shard's lock and are idempotent.
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
    if (job.name === "retry") return retry(deps, shard);
    const once =
      job.name === "hours"
        ? async () => toldAside(deps, shard, await rollUpHours(deps, shard, deps.now()))
        : async () =>
            toldAside(
              deps,
              shard,
              told(deps, shard, await rollUpShard({ ...deps, seen }, shard, deps.now())),
            );
    const started = performance.now();
    for (let run = 0; run < RUNS && performance.now() - started < GIVE_WAY_MS; run++) {
      const outcome = await once();
      if (outcome.kind === "busy") return;
      // Without anything new there is nothing to judge that the tick of `detect` does not find.
      if ("minutes" in outcome && outcome.minutes > 0) await judgeSoon(deps.queues, [shard]);
      if (!outcome.more) return;
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

/** Counts what was set aside, and says so of each namespace once. */
function toldAside<T extends RollupOutcome | HoursOutcome>(
  { metrics, log }: RollUpJobDeps,
  shard: number,
  outcome: T,
): T {
  if (outcome.kind === "busy") return outcome;
  for (const { unreadable } of outcome.aside) metrics.setAside.inc({ reason: unreadable.reason });
  const { newlyAside } = outcome;
  if (newlyAside.length > 0) {
    log.error(
      { shard, namespaces: newlyAside.length, unreadable: newlyAside.slice(0, TOLD) },
      "something stored cannot be read: it is set aside, looked at again each 10 minutes, and all else goes on",
    );
  }
  return outcome;
}

async function retry(deps: RollUpJobDeps, shard: number): Promise<void> {
  const outcome = await retryAside(deps, shard, deps.now());
  if (outcome.kind === "busy" || outcome.healed === 0) return;
  deps.log.info({ shard, hours: outcome.healed }, "what was set aside can be read again, and is rolled up");
}

async function tick({ db, queues, metrics, now }: RollUpJobDeps): Promise<void> {
  const shards = await markedShards(db);
  const withHours = await shardsWithHours(db, now());
  const aside = await countAside(db, now());
  metrics.setAsideHours.set(aside.hours);
  if (shards.length + withHours.length + aside.dueShards.length === 0) return;
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
    ...aside.dueShards.map((shard) => ({
      name: "retry",
      data: { shard },
      opts: { deduplication: { id: `retry-${shard}` }, priority: HOURS_PRIORITY },
    })),
  ]);
}
