import { isEventCounter } from "../catalog/catalog.ts";
import type { DetectionSettings } from "../detect/settings.ts";
import type { Announcer } from "../live/announcer.ts";
import type { Notifying } from "../notify/in-force.ts";
import type { PrismaClient } from "../store/client.ts";
import { FleetView } from "../store/fleet-view.ts";
import type { Forgetting } from "../store/forget-hosts.ts";
import { SnapshotReader } from "../store/history/snapshot-reader.ts";
import { LayoutCache } from "../store/layouts.ts";
import { Partitions } from "../store/partitions.ts";
import type { Retention } from "../store/retention/policy.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { compact } from "./compact.ts";
import { detect } from "./detect.ts";
import { notify } from "./notify.ts";
import type { JobView, JobWorker, QueueBackend } from "./queue-backend.ts";
import { QUEUE_NAMES, type Queues } from "./queues.ts";
import { retain } from "./retain.ts";
import { rollUp } from "./roll-up.ts";
import { keepSchedules } from "./schedules.ts";

/** A job whose worker died is another's after this; a live worker renews it at half the time. */
const LOCK_MS = 20_000;

/** Jobs of a queue at once, where it is not two. */
const CONCURRENCY: Partial<Record<keyof Queues, number>> = {
  // In no hurry, and must not keep others from the processor.
  compact: 1,
  // They wait for far ends, some of which hang; of one receiver there are two at most (src/notify/deliver.ts).
  notify: 20,
};
/** How long far ends may still answer when the service stops. */
const FAR_ENDS_MS = 1_500;

export interface WorkerDeps {
  readonly backend: QueueBackend;
  readonly queues: Queues;
  readonly db: PrismaClient;
  readonly announcer: Announcer;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly retention: Retention;
  readonly forgetting: Forgetting;
  readonly now: () => number;
  /** Hours that ended so many ms ago are compacted. */
  readonly compactAfterMs: number;
  /** Labels that say which hosts do the same work, the first that a host has. */
  readonly roleLabels: readonly string[];
  /** What is asked of hosts, as it is now. */
  readonly settings: () => DetectionSettings;
  /** Where notifications go; null when no file says it. */
  readonly notifying: () => Notifying | null;
  /** Where people reach the service, without a trailing slash. */
  readonly publicUrl: string;
}

/**
 * Binds the handlers to their queues and keeps the schedules said.
 *
 * @returns a function that finishes the jobs in hand and stops
 */
export async function startWorkers(deps: WorkerDeps): Promise<() => Promise<void>> {
  const { backend, queues, db, log } = deps;
  const partitions = new Partitions();
  await partitions.makeAhead(db, deps.now());
  const stopping = new AbortController();

  const handlers: Record<keyof Queues, (job: JobView) => Promise<void>> = {
    rollup: rollUp({
      ...deps,
      partitions,
      isEventCounter,
      reader: new SnapshotReader(new LayoutCache()),
    }),
    detect: detect({
      ...deps,
      reader: new SnapshotReader(new LayoutCache()),
      fleet: new FleetView(db, deps.now),
    }),
    notify: notify({
      ...deps,
      layouts: new LayoutCache(),
      fleet: new FleetView(db, deps.now),
      stopping: stopping.signal,
    }),
    compact: compact({ ...deps, partitions }),
    retain: retain({ ...deps, partitions }),
  };
  const options = {
    lockDuration: LOCK_MS,
    stalledInterval: LOCK_MS / 2,
    removeOnComplete: { count: 0 },
  };
  const workers: JobWorker[] = [];
  const closeWorkers = () => Promise.allSettled(workers.map((worker) => worker.close()));
  try {
    for (const name of QUEUE_NAMES) {
      const concurrency = CONCURRENCY[name] ?? 2;
      workers.push(
        await backend.worker(name, measured(deps, name, handlers[name]), { ...options, concurrency }),
      );
    }
  } catch (error) {
    await closeWorkers();
    throw error;
  }

  const forgetSchedules = await keepSchedules(queues, log);

  return async () => {
    forgetSchedules();
    // A far end that takes its time is asked again later, with the same key.
    const cut = setTimeout(() => stopping.abort(), FAR_ENDS_MS);
    await closeWorkers();
    clearTimeout(cut);
  };
}

/** A handler that is timed, and whose failure is logged and passed on for the queue to count. */
function measured(
  { log, metrics, now }: WorkerDeps,
  queue: string,
  handle: (job: JobView) => Promise<void>,
): (job: JobView) => Promise<void> {
  return async (job) => {
    const labels = { queue, name: job.name };
    const end = metrics.jobDuration.startTimer(labels);
    try {
      await handle(job);
      end({ outcome: "success" });
      metrics.jobLastSuccess.set(labels, now() / 1000);
    } catch (error) {
      end({ outcome: "failure" });
      log.error({ err: error, job: `${queue}.${job.name}`, data: job.data }, "a job failed");
      throw error;
    }
  };
}
