import { z } from "zod";
import { SpillwayError } from "../errors.ts";
import type { PrismaClient } from "../store/client.ts";
import { closeHour } from "../store/compaction/close-hour.ts";
import {
  hoursFilling,
  hoursToCompact,
  hoursToMerge,
  sealHour,
  shardsToStage,
  stuckHours,
} from "../store/compaction/hours.ts";
import { mergeLate } from "../store/compaction/merge-late.ts";
import { stageShard } from "../store/compaction/stage-shard.ts";
import { HOUR_MS } from "../store/history/record.ts";
import type { Partitions } from "../store/partitions.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { JobView } from "./queue-backend.ts";
import type { Queues } from "./queues.ts";

const shardJob = z.object({ hour: z.number().int(), shard: z.number().int().nonnegative() });
const hourJob = z.object({ hour: z.number().int() });

/** Hours worked on at once: a backlog is taken from its oldest end. */
const HOURS_PER_TICK = 4;
/** From one tick to the next. */
const TICK_MS = 60_000;
/** An hour that ended so long ago waits for no more of its snapshots to be rolled up. */
const FILLS_MS = 48 * HOUR_MS;
/** A job that merges gives way to the others after so long; the next tick adds it again. */
const GIVE_WAY_MS = 20_000;

export interface CompactJobDeps {
  readonly db: PrismaClient;
  readonly queues: Queues;
  readonly partitions: Partitions;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Hours that ended so many ms ago are compacted. */
  readonly compactAfterMs: number;
}

/**
 * The `compact` queue. `tick` seals the oldest hours that are due and adds a job for each of their shards and for
 * each hour with late snapshots; `shard` stages a shard, and closes the hour when it was the last; `merge` folds
 * late snapshots in. What is to be done is read from Postgres each time, and each part is safe to run twice.
 */
export function compact(deps: CompactJobDeps) {
  const failed = new Set<number>();
  return async (job: JobView): Promise<void> => {
    switch (job.name) {
      case "tick":
        return tick(deps, failed);
      case "shard": {
        const { hour, shard } = read(shardJob, job);
        const outcome = await stageShard(deps.db, hour, shard);
        if (outcome.kind === "staged") {
          deps.metrics.compactedSnapshots.inc(outcome.snapshots);
          deps.metrics.compactedBytes.inc(outcome.bytes);
        }
        if ((await shardsToStage(deps.db, hour)).length === 0) await close(deps, hour);
        return;
      }
      case "merge":
        return merge(deps, read(hourJob, job).hour);
      default:
        throw new SpillwayError("INTERNAL", `compact: there is no job called ${job.name}`);
    }
  };
}

function read<T>(schema: z.ZodType<T>, job: JobView): T {
  const payload = schema.safeParse(job.data);
  if (payload.success) return payload.data;
  throw new SpillwayError("INTERNAL", `compact: not a ${job.name} job: ${z.prettifyError(payload.error)}`);
}

/** @param failed hours that failed when this process took them up last */
async function tick(deps: CompactJobDeps, failed: Set<number>): Promise<void> {
  const { db, queues, log, compactAfterMs } = deps;
  const filling = await hoursFilling(db);
  const due = (await hoursToCompact(db, deps.now() - compactAfterMs)).filter(
    (hour) => !filling.has(hour) || hour + HOUR_MS <= deps.now() - FILLS_MS,
  );
  const hours = inTurn(
    due,
    new Set([...(await stuckHours(db)), ...failed]),
    Math.floor(deps.now() / TICK_MS),
  );
  const jobs: CompactJobs = [];
  for (const hour of hours) {
    try {
      jobs.push(...(await shardJobs(deps, hour)));
      failed.delete(hour);
    } catch (error) {
      // The others are not to wait for it; it is tried again in its turn.
      failed.add(hour);
      log.error({ err: error, hour: new Date(hour) }, "an hour of snapshots cannot be compacted");
    }
  }
  for (const hour of await hoursToMerge(db)) {
    jobs.push({ name: "merge", data: { hour }, opts: { deduplication: { id: `merge-${hour}` } } });
  }
  if (jobs.length > 0) await queues.compact.addBulk(jobs);
}

type CompactJobs = Parameters<Queues["compact"]["addBulk"]>[0];

/** Seals an hour, and tells the jobs that stage its shards; none when it cannot be sealed now, or is closed. */
async function shardJobs(deps: CompactJobDeps, hour: number): Promise<CompactJobs> {
  const { db, partitions } = deps;
  await partitions.ensure(db, "snapshot_hour", [hour]);
  if (!(await sealHour(db, hour))) return [];
  const shards = await shardsToStage(db, hour);
  // All are staged: whoever should have closed the hour was killed, or found it busy. Or it is empty.
  if (shards.length === 0) await close(deps, hour);
  return shards.map((shard) => ({
    name: "shard",
    data: { hour, shard },
    opts: { deduplication: { id: `shard-${hour}-${shard}` } },
  }));
}

/** The oldest hours, and one of those that failed before, which keep the others from nothing. */
function inTurn(due: readonly number[], stuck: ReadonlySet<number>, turn: number): number[] {
  const failing = due.filter((hour) => stuck.has(hour));
  const next = failing[turn % failing.length];
  const hours = due.filter((hour) => !stuck.has(hour)).slice(0, HOURS_PER_TICK);
  return next === undefined ? hours : [...hours, next];
}

async function close({ db, partitions, log }: CompactJobDeps, hour: number): Promise<void> {
  const outcome = await closeHour(db, hour);
  if (outcome.kind === "incomplete") {
    log.warn(
      { hour: new Date(hour), shards: outcome.shards },
      "staged shards were not as their snapshots are; they are staged anew",
    );
  }
  if (outcome.kind !== "closed") return;
  partitions.forget();
  log.info({ hour: new Date(hour), lockedMs: outcome.lockedMs }, "an hour of snapshots was compacted");
}

async function merge({ db, metrics, now }: CompactJobDeps, hour: number): Promise<void> {
  const damaged: number[] = [];
  const until = now() + GIVE_WAY_MS;
  do {
    const outcome = await mergeLate(db, hour, damaged);
    if (outcome.kind !== "done") return;
    metrics.mergedSnapshots.inc(outcome.snapshots);
    damaged.push(...outcome.damaged);
    if (!outcome.more) return;
  } while (now() < until);
}
