import { Gauge } from "prom-client";
import type { PrismaClient } from "../store/client.ts";
import { readStoreState, type StoreState } from "../store/queries/system.ts";
import type { Metrics } from "../telemetry/metrics.ts";

export interface StateMetricsDeps {
  readonly db: PrismaClient;
  readonly queueCounts: () => Promise<Readonly<Record<string, number>>>;
  /** Bytes left on the disk of the embedded database; null where the database is elsewhere. */
  readonly freeBytes: () => Promise<number | null>;
  readonly now: () => number;
}

/** Scrapes are open to everybody: they ask the database once in so long, whoever asks. */
const KEPT_MS = 5_000;

/**
 * Metrics of the service as a whole, which every process of it tells alike: how far rollups are behind, what waits in the
 * queues, what the database takes. Read when they are scraped. What does not answer has no sample: an old value would say
 * that all is well.
 */
export function addStateMetrics(
  { registry }: Metrics,
  { db, queueCounts, freeBytes, now }: StateMetricsDeps,
): void {
  const registers = [registry];
  const state = kept(() => readStoreState(db, now()));
  const ofState = (name: string, help: string, value: (state: StoreState) => number) =>
    new Gauge({ name, help, registers, collect: collector(state, value) });
  ofState(
    "spillway_rollup_lag_seconds",
    "Age of the oldest minute that is over and not rolled up; 0 when there is none.",
    ({ rollupLagMs }) => rollupLagMs / 1_000,
  );
  ofState(
    "spillway_rollup_settled_lag_seconds",
    "How far the shard furthest behind is late. Late snapshots, for old minutes, do not raise it.",
    ({ settledLagMs }) => settledLagMs / 1_000,
  );
  ofState(
    "spillway_rollup_pending_marks",
    "Touched minutes that wait to be rolled up; those of the open minute stay until it is over.",
    ({ pendingMarks }) => pendingMarks,
  );
  ofState("spillway_database_size_bytes", "Disk that the database takes.", ({ sizeBytes }) => sizeBytes);
  new Gauge({
    name: "spillway_database_free_bytes",
    help: "Disk left for the embedded database; not told of a database elsewhere.",
    registers,
    collect: collector(kept(freeBytes), (bytes) => bytes),
  });
  const counts = kept(queueCounts);
  new Gauge({
    name: "spillway_queue_jobs",
    help: "Jobs in the queues, by state: failed ones are kept for a day.",
    labelNames: ["state"],
    registers,
    async collect() {
      this.reset();
      for (const [state, count] of Object.entries((await counts()) ?? {})) this.set({ state }, count);
    },
  });
}

/** Sets a gauge by what is read; without a value it has no sample. */
export function collector<T>(read: () => Promise<T | null>, value: (read: T) => number | null) {
  return async function collect(this: Gauge): Promise<void> {
    const answer = await read();
    const set = answer === null ? null : value(answer);
    if (set === null) this.remove();
    else this.set(set);
  };
}

/** What is read, for a while, by all who ask; null when it cannot be read. */
export function kept<T>(read: () => Promise<T | null>): () => Promise<T | null> {
  let last: { readonly at: number; readonly answer: Promise<T | null> } | null = null;
  return () => {
    const at = performance.now();
    if (last === null || at - last.at > KEPT_MS) last = { at, answer: read().catch(() => null) };
    return last.answer;
  };
}
