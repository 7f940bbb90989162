import type { JobQueue, QueueBackend } from "./queue-backend.ts";

/**
 * Every queue. Postgres is the truth and a queue only says when: a job carries ids and no data, may run
 * twice or at the same time as its twin, and can be lost, because the next tick derives it again.
 */
export interface Queues {
  /** `tick` looks for shards with marks, `shard` rolls one's minutes up, `hours` its hours, `retry` what was set aside. */
  readonly rollup: JobQueue;
  /** `tick` looks for hours to compact, `shard` stages a shard of one, `merge` folds late snapshots in. */
  readonly compact: JobQueue;
  /** `shard` judges what is new in one, `tick` looks for those that nobody judged, `presence` for silent hosts, `roles` for objectives. */
  readonly detect: JobQueue;
  /** `tick` plans what is to be told and looks for deliveries whose time has come, `deliver` makes one attempt. */
  readonly notify: JobQueue;
  /** `make-partitions` makes those that come, `expire` drops those past their retention. */
  readonly retain: JobQueue;
}

export const QUEUE_NAMES = [
  "rollup",
  "detect",
  "notify",
  "compact",
  "retain",
] as const satisfies readonly (keyof Queues)[];

/** @throws what the driver throws; those that are open then end with the backend */
export async function openQueues(backend: QueueBackend): Promise<Queues> {
  const open = (name: keyof Queues) =>
    backend.queue(name, {
      defaultJobOptions: {
        removeOnComplete: true,
        removeOnFail: { age: 24 * 3600, count: 200 },
      },
    });
  const [rollup, detect, notify, compact, retain] = await Promise.all([
    open("rollup"),
    open("detect"),
    open("notify"),
    open("compact"),
    open("retain"),
  ]);
  return { rollup, detect, notify, compact, retain };
}

export async function closeQueues(queues: Queues): Promise<void> {
  await Promise.allSettled(QUEUE_NAMES.map((name) => queues[name].close()));
}

/** Jobs in all queues, by state. */
export async function queueCounts(queues: Queues): Promise<Record<string, number>> {
  const sum: Record<string, number> = { wait: 0, active: 0, delayed: 0, failed: 0 };
  for (const name of QUEUE_NAMES) {
    const counts = await queues[name].getJobCounts("wait", "active", "delayed", "failed");
    for (const state of Object.keys(sum)) sum[state] = (sum[state] ?? 0) + (counts[state] ?? 0);
  }
  return sum;
}
