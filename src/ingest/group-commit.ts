import type { PrismaClient } from "../store/client.ts";
import { asUnavailable } from "../store/errors.ts";
import type { Partitions } from "../store/partitions.ts";
import { appendLateSnapshots, appendSnapshots, type SnapshotRow } from "../store/snapshots.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { CommitLane, type CommitOutcome } from "./commit-lane.ts";
import { Hours } from "./hours.ts";

/** Commits under way at once: while the database writes one, the next gathers and a second may begin. */
const PARALLEL = 2;
/** Late ones unpack hours and wait for who merges them: they have a slot of their own, and take none from the others. */
const PARALLEL_LATE = 1;
/** Rows waiting at most; beyond it pushes are told to come back. */
const PENDING_ROWS = 20_000;
/** Late rows waiting at most; beyond it they alone are told to come back. */
const PENDING_LATE_ROWS = 6_000;
const ATTEMPTS = 4;

interface GroupCommitDeps {
  readonly db: PrismaClient;
  readonly partitions: Partitions;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/**
 * Commits the snapshots of pushes that arrive together in one transaction; each push is answered after it.
 * A commit costs the disk one flush whatever it holds, so the busier the service, the less each push costs.
 *
 * Snapshots of hours that are sealed go another way, which is slower: in commits of their own, beside the others and
 * not before them. Which hours those are, and that the others have their partition, is learnt before either.
 */
export class GroupCommit {
  readonly #deps: GroupCommitDeps;
  readonly #hours: Hours;
  readonly #punctual: CommitLane;
  readonly #late: CommitLane;
  #learningRows = 0;

  constructor(deps: GroupCommitDeps) {
    const { db, partitions, log, metrics } = deps;
    this.#deps = deps;
    this.#hours = new Hours(db, partitions);
    const timed = () => metrics.ingestCommit.startTimer();
    this.#punctual = new CommitLane({
      slots: PARALLEL,
      commit: (rows) => appendSnapshots(db, rows),
      timed,
      log,
    });
    this.#late = new CommitLane({
      slots: PARALLEL_LATE,
      commit: async (rows) => {
        const times = rows.map((row) => row.at);
        await partitions.ensure(db, "snapshot_late", times);
        return appendLateSnapshots(db, rows);
      },
      timed,
      log,
    });
  }

  /** True when no more may be taken in: the answer is "come back", before memory grows. */
  get full(): boolean {
    return this.#punctual.pendingRows + this.#learningRows >= PENDING_ROWS;
  }

  /**
   * Stores rows, in the order given.
   *
   * @returns after the commit, one outcome for each row
   * @throws UNAVAILABLE when the database does not answer; then nothing of these rows may be assumed
   */
  async submit(rows: readonly SnapshotRow[]): Promise<CommitOutcome[]> {
    if (rows.length === 0) return [];
    try {
      return await this.#submit(rows, 1);
    } finally {
      this.#measure();
    }
  }

  async #submit(rows: readonly SnapshotRow[], attempt: number): Promise<CommitOutcome[]> {
    if (rows.some((row) => this.#hours.stateOf(row.at) === null)) await this.#learn(rows);
    const isLate = rows.map((row) => this.#hours.stateOf(row.at) === "sealed");
    if (!isLate.includes(true)) return this.#through(this.#punctual, rows, attempt);
    const [punctual, late] = await Promise.all([
      this.#through(this.#punctual, select(rows, isLate, false), attempt),
      this.#through(this.#late, select(rows, isLate, true), attempt),
    ]);
    const [nextPunctual, nextLate] = [punctual.values(), late.values()];
    return isLate.map((one) => (one ? nextLate : nextPunctual).next().value ?? "fault");
  }

  /** By one of the lanes, or another after all when an hour was sealed or compacted meanwhile. */
  async #through(lane: CommitLane, rows: readonly SnapshotRow[], attempt: number): Promise<CommitOutcome[]> {
    if (rows.length === 0) return [];
    if (lane === this.#late && lane.pendingRows > 0 && lane.pendingRows + rows.length > PENDING_LATE_ROWS) {
      return rows.map(() => "busy" as const);
    }
    const done = lane.submit(rows);
    this.#measure();
    const outcomes = await done;
    if (outcomes !== null) return outcomes;
    if (attempt === ATTEMPTS) {
      this.#deps.log.error(
        { rows: rows.length },
        "cannot store snapshots: their hours change again and again",
      );
      return rows.map(() => "fault" as const);
    }
    this.#hours.forget();
    return this.#submit(rows, attempt + 1);
  }

  async #learn(rows: readonly SnapshotRow[]): Promise<void> {
    this.#learningRows += rows.length;
    this.#measure();
    try {
      await this.#hours.learn(rows.map((row) => row.at));
    } catch (error) {
      throw asUnavailable(error);
    } finally {
      this.#learningRows -= rows.length;
    }
  }

  #measure(): void {
    const rows = this.#punctual.pendingRows + this.#late.pendingRows + this.#learningRows;
    this.#deps.metrics.ingestPendingRows.set(rows);
  }
}

function select(
  rows: readonly SnapshotRow[],
  isLate: readonly boolean[],
  which: boolean,
): readonly SnapshotRow[] {
  return rows.filter((_, index) => isLate[index] === which);
}
