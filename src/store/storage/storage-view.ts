import type { Db } from "../client.ts";
import type { Retention } from "../retention/policy.ts";
import { type StorageReport, storageReport } from "./report.ts";
import { type BytesPerSample, readBytesPerSample } from "./samples.ts";
import { readStorageFacts, readTables } from "./tables.ts";

/** How long a report is shown without looking again. */
const REPORT_MS = 10_000;
/** What a sample takes hardly changes, and costs a look at rows. */
const SAMPLES_MS = 600_000;

export interface StorageViewOptions {
  readonly db: Db;
  readonly retention: Retention;
  /** Snapshots stay raw for so long; null when they are never compacted. */
  readonly compactAfterMs: number | null;
  /** Bytes free on the disk of the data; null when the database is not on a disk of this machine. */
  readonly freeBytes: () => Promise<number | null>;
  /** ms since 1970 */
  readonly now: () => number;
}

/** What the store takes and will take, looked up at most each ten seconds however many ask. */
export class StorageView {
  readonly #options: StorageViewOptions;
  #view: { readonly at: number; readonly report: Promise<StorageReport> } | null = null;

  #samples: { readonly at: number; readonly measured: BytesPerSample } | null = null;

  constructor(options: StorageViewOptions) {
    this.#options = options;
  }

  read(): Promise<StorageReport> {
    const now = this.#options.now();
    if (this.#view === null || Math.abs(now - this.#view.at) >= REPORT_MS) {
      const view = { at: now, report: this.#load(now) };
      this.#view = view;
      view.report.catch(() => {
        if (this.#view === view) this.#view = null;
      });
    }
    return this.#view.report;
  }

  async #load(now: number): Promise<StorageReport> {
    const { db, retention, compactAfterMs, freeBytes } = this.#options;
    const [tables, facts, free] = await Promise.all([
      readTables(db),
      readStorageFacts(db, now),
      // A disk that cannot be asked is one of which nothing is known.
      freeBytes().catch(() => null),
    ]);
    if (this.#samples === null || Math.abs(now - this.#samples.at) >= SAMPLES_MS) {
      this.#samples = { at: now, measured: await readBytesPerSample(db, tables, now) };
    }
    const samples = this.#samples.measured;
    return storageReport({ tables, facts, samples, retention, compactAfterMs, freeBytes: free, now });
  }
}
