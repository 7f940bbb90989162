import type { PrismaClient } from "../store/client.ts";
import { asUnavailable, storeFault } from "../store/errors.ts";
import type { Partitions } from "../store/partitions.ts";
import {
  type AppendOutcome,
  appendLateSnapshots,
  appendSnapshots,
  type SnapshotRow,
} from "../store/snapshots.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/** A row that the database refuses for a reason of its own is a `fault`. */
export type CommitOutcome = AppendOutcome | "fault";

const ROWS_PER_COMMIT = 2_000;
/** A commit waits so long for company: whatever it holds, it costs the two processes a millisecond of CPU and the disk a flush. */
const GATHER_MS = 10;
/** Commits under way at once: while the database writes one, the next gathers and a second may begin. */
const PARALLEL = 2;
/** Rows waiting at most; beyond it pushes are told to come back. */
const PENDING_ROWS = 20_000;
const ATTEMPTS = 4;

interface Waiting {
  readonly rows: readonly SnapshotRow[];
  readonly resolve: (outcomes: CommitOutcome[]) => void;
  readonly reject: (error: unknown) => void;
}

interface GroupCommitDeps {
  readonly db: PrismaClient;
  readonly partitions: Partitions;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/**
 * Commits the snapshots of pushes that arrive together in one transaction; each push is answered after it.
 * A commit costs the disk one flush whatever it holds, so the busier the service, the less each push costs.
 */
export class GroupCommit {
  readonly #deps: GroupCommitDeps;
  #waiting: Waiting[] = [];
  #waitingRows = 0;
  #gathering: NodeJS.Timeout | null = null;
  #pendingRows = 0;
  #running = 0;

  constructor(deps: GroupCommitDeps) {
    this.#deps = deps;
  }

  /** True when no more may be taken in: the answer is "come back", before memory grows. */
  get full(): boolean {
    return this.#pendingRows >= PENDING_ROWS;
  }

  /**
   * Stores rows, in the order given.
   *
   * @returns after the commit, one outcome for each row
   * @throws UNAVAILABLE when the database does not answer; then nothing of these rows may be assumed
   */
  submit(rows: readonly SnapshotRow[]): Promise<CommitOutcome[]> {
    if (rows.length === 0) return Promise.resolve([]);
    this.#pendingRows += rows.length;
    this.#deps.metrics.ingestPendingRows.set(this.#pendingRows);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows, resolve, reject });
      this.#waitingRows += rows.length;
      if (this.#waitingRows >= ROWS_PER_COMMIT) this.#next();
      else this.#gathering ??= setTimeout(() => this.#gathered(), GATHER_MS);
    });
  }

  #gathered(): void {
    this.#gathering = null;
    this.#next();
  }

  #next(): void {
    if (this.#running >= PARALLEL || this.#waiting.length === 0) return;
    const group: Waiting[] = [];
    let rows = 0;
    for (const one of this.#waiting) {
      if (group.length > 0 && rows + one.rows.length > ROWS_PER_COMMIT) break;
      group.push(one);
      rows += one.rows.length;
    }
    this.#waiting = this.#waiting.slice(group.length);
    this.#waitingRows -= rows;
    this.#running++;
    void this.#commit(group, rows);
  }

  async #commit(group: readonly Waiting[], count: number): Promise<void> {
    const end = this.#deps.metrics.ingestCommit.startTimer();
    try {
      const outcomes = await this.#store(group.flatMap((one) => one.rows));
      let offset = 0;
      for (const one of group) {
        one.resolve(outcomes.slice(offset, offset + one.rows.length));
        offset += one.rows.length;
      }
    } catch (error) {
      for (const one of group) one.reject(error);
    } finally {
      end();
      this.#running--;
      this.#pendingRows -= count;
      this.#deps.metrics.ingestPendingRows.set(this.#pendingRows);
      // Those who wait have company coming, or have waited for it long enough.
      if (this.#gathering === null) this.#next();
    }
  }

  async #store(rows: readonly SnapshotRow[]): Promise<CommitOutcome[]> {
    const { db, partitions, log } = this.#deps;
    for (let attempt = 1; ; attempt++) {
      try {
        const times = rows.map((row) => row.at);
        await partitions.ensure(db, "snapshot", times);
        const late = rows.filter((row) => partitions.sealed(row.at));
        if (late.length === 0) return await appendSnapshots(db, rows);
        if (late.length < rows.length) return await this.#storeApart(rows);
        await partitions.ensure(db, "snapshot_late", times);
        return await appendLateSnapshots(db, rows);
      } catch (error) {
        const fault = storeFault(error);
        if (fault === "unavailable") throw asUnavailable(error);
        const again = fault === "conflict" || fault === "no_partition" || fault === "sealed";
        if (again && fault !== "conflict") partitions.forget();
        if (again && attempt < ATTEMPTS) continue;
        if (fault === "row") return this.#split(rows, error);
        log.error({ err: error, rows: rows.length }, "cannot store a group of snapshots");
        return rows.map(() => "fault" as const);
      }
    }
  }

  /** Rows of hours that are sealed go another way than their neighbours. */
  async #storeApart(rows: readonly SnapshotRow[]): Promise<CommitOutcome[]> {
    const { partitions } = this.#deps;
    const isLate = rows.map((row) => partitions.sealed(row.at));
    const punctual = await this.#store(rows.filter((_, index) => isLate[index] === false));
    const late = await this.#store(rows.filter((_, index) => isLate[index] === true));
    const [nextPunctual, nextLate] = [punctual.values(), late.values()];
    return isLate.map((one) => (one ? nextLate : nextPunctual).next().value ?? "fault");
  }

  /** One bad row must not fail its neighbours: halves are tried until it stands alone. */
  async #split(rows: readonly SnapshotRow[], error: unknown): Promise<CommitOutcome[]> {
    if (rows.length <= 1) {
      this.#deps.log.error({ err: error, row: rows[0]?.namespaceId }, "the database refuses a snapshot");
      return rows.map(() => "fault" as const);
    }
    const middle = rows.length >> 1;
    return [...(await this.#store(rows.slice(0, middle))), ...(await this.#store(rows.slice(middle)))];
  }
}
