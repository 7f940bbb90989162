import type { Logger } from "../telemetry/log.ts";
import type { Queues } from "./queues.ts";

/** Every repeating job. A pattern and not an interval: it says the same however often it is said. */
const SCHEDULES = [
  { queue: "rollup", id: "rollup-tick", pattern: "*/2 * * * * *", name: "tick" },
  { queue: "detect", id: "detect-tick", pattern: "*/20 * * * * *", name: "tick" },
  { queue: "detect", id: "presence", pattern: "*/5 * * * * *", name: "presence" },
  { queue: "detect", id: "roles", pattern: "30 * * * * *", name: "roles" },
  { queue: "detect", id: "peers", pattern: "40 * * * * *", name: "peers" },
  { queue: "notify", id: "notify-tick", pattern: "1-59/2 * * * * *", name: "tick" },
  { queue: "compact", id: "compact-tick", pattern: "30 * * * * *", name: "tick" },
  { queue: "retain", id: "make-partitions", pattern: "0 */10 * * * *", name: "make-partitions" },
  { queue: "retain", id: "expire", pattern: "0 5-59/10 * * * *", name: "expire" },
] as const satisfies readonly { queue: keyof Queues; id: string; pattern: string; name: string }[];

const AGAIN_MS = 60_000;
/** A tick's job that a killed worker left behind keeps the next one's place until its time has passed. */
const RETRY_MS = 2_000;

/**
 * Says all schedules, now and each minute: a queue that was emptied has forgotten them. One that is refused
 * (its job's place is taken by what a killed worker left) is said again soon, and keeps neither the others
 * nor the start from going on.
 *
 * @returns a function that stops
 */
export async function keepSchedules(queues: Queues, log: Logger): Promise<() => void> {
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  const say = async (): Promise<void> => {
    let refused = false;
    for (const { queue, id, pattern, name } of SCHEDULES) {
      try {
        await queues[queue].upsertJobScheduler(id, { pattern }, { name, data: {} });
      } catch (error) {
        refused = true;
        log.warn({ err: error, schedule: id }, "a schedule was refused; it is said again soon");
      }
    }
    if (!stopped) timer = setTimeout(() => void say(), refused ? RETRY_MS : AGAIN_MS);
  };
  await say();
  return () => {
    stopped = true;
    if (timer !== null) clearTimeout(timer);
  };
}
