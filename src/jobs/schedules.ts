import type { Queues } from "./queues.ts";

/** Every repeating job. A pattern and not an interval: it says the same however often it is said. */
const SCHEDULES = [
  { queue: "rollup", id: "rollup-tick", pattern: "*/2 * * * * *", name: "tick" },
  { queue: "retain", id: "make-partitions", pattern: "0 */10 * * * *", name: "make-partitions" },
] as const satisfies readonly { queue: keyof Queues; id: string; pattern: string; name: string }[];

/** Says all schedules. Called at start and each minute, because a queue that was emptied has forgotten them. */
export async function upsertSchedules(queues: Queues): Promise<void> {
  for (const { queue, id, pattern, name } of SCHEDULES) {
    await queues[queue].upsertJobScheduler(id, { pattern }, { name, data: {} });
  }
}
