import type { QueueOptions, WorkerOptions } from "bullmq";

/** A job as a handler sees it. */
export interface JobView {
  readonly name: string;
  readonly data: unknown;
}

/** When a job is not added: another of the id waits or is at work, unless the last is to follow one that is at work. */
export interface JobDeduplication {
  id: string;
  keepLastIfActive?: boolean;
}

/** As much of BullMQ's Queue as is used here, whichever backend is under it. */
export interface JobQueue {
  addBulk(
    jobs: { name: string; data: unknown; opts?: { deduplication?: JobDeduplication; priority?: number } }[],
  ): Promise<unknown>;
  upsertJobScheduler(
    id: string,
    repeat: { pattern: string },
    template: { name: string; data: unknown },
  ): Promise<unknown>;
  getJobCounts(...types: ("wait" | "active" | "delayed" | "failed")[]): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export interface JobWorker {
  close(force?: boolean): Promise<void>;
}

/** Makes queues and workers on one backend, over shared connections. */
export interface QueueBackend {
  readonly kind: "redis" | "postgres";
  /** @throws what the driver throws when the backend does not take it in */
  queue(name: string, options: Omit<QueueOptions, "connection">): Promise<JobQueue>;
  /** A worker that runs. @throws as `queue` */
  worker(
    name: string,
    handle: (job: JobView) => Promise<void>,
    options: Omit<WorkerOptions, "connection">,
  ): Promise<JobWorker>;
  /** Answers when the backend does. @throws what the driver throws when it does not */
  ping(): Promise<void>;
  close(): Promise<void>;
}
