/** The queues of a running service, from outside: so that a test need not wait for the minute of a schedule. */
import { Queue } from "bullmq";
import { openQueueBackend } from "../../src/jobs/connection.ts";
import { openQueues, type Queues } from "../../src/jobs/queues.ts";
import { createLog } from "../../src/telemetry/log.ts";

/**
 * Adds the `tick` of a queue, as its schedule will within the minute.
 *
 * @throws when the service has said no such schedule: then waiting would not have helped either
 */
export async function tickNow(databaseUrl: string, name: keyof Queues): Promise<void> {
  const backend = await openQueueBackend({ databaseUrl }, createLog("error"));
  const queues = await openQueues(backend);
  const queue = queues[name];
  try {
    const id = `${name}-tick`;
    const schedule = queue instanceof Queue ? await queue.getJobScheduler(id) : null;
    const next = schedule?.next ?? Number.NaN;
    if (!(Math.abs(next - Date.now()) <= 60_000)) {
      throw new Error(`the schedule ${id} does not come within a minute: ${JSON.stringify(schedule)}`);
    }
    await queue.addBulk([{ name: "tick", data: {} }]);
  } finally {
    await Promise.allSettled(Object.values(queues).map((one) => one.close()));
    await backend.close();
  }
}
