import { asUnavailable, storeFault } from "../store/errors.ts";
import type { AppendOutcome, SnapshotRow } from "../store/snapshots.ts";
import type { Logger } from "../telemetry/log.ts";

/**
 * A row that the database refuses for a reason of its own is a `fault`; one that came when as many as may wait did
 * already is `busy`.
 */
export type CommitOutcome = AppendOutcome | "fault" | "busy";

const ROWS_PER_COMMIT = 2_000;
/** A commit waits so long for company: whatever it holds, it costs the two processes a millisecond of CPU and the disk a flush. */
const GATHER_MS = 10;
const ATTEMPTS = 4;

interface Waiting {
  readonly rows: readonly SnapshotRow[];
  readonly resolve: (outcomes: CommitOutcome[] | null) => void;
  readonly reject: (error: unknown) => void;
}

export interface CommitLaneOptions {
  /** Commits under way at once. */
  readonly slots: number;
  /** One transaction. */
  readonly commit: (rows: readonly SnapshotRow[]) => Promise<AppendOutcome[]>;
  /** Called when a commit begins; what it returns is called when that ends. */
  readonly timed: () => () => void;
  readonly log: Logger;
}

/** Commits rows that arrive together in one transaction, with so many of these at once. */
export class CommitLane {
  readonly #options: CommitLaneOptions;
  #waiting: Waiting[] = [];
  #waitingRows = 0;
  #gathering: NodeJS.Timeout | null = null;
  #pendingRows = 0;
  #running = 0;

  constructor(options: CommitLaneOptions) {
    this.#options = options;
  }

  /** Rows that wait, or are in a commit that has not ended. */
  get pendingRows(): number {
    return this.#pendingRows;
  }

  /**
   * @returns after the commit, one outcome for each row; null when nothing was stored because an hour of theirs is not
   *   in the state that this lane is for
   * @throws UNAVAILABLE when the database does not answer; then nothing of these rows may be assumed
   */
  submit(rows: readonly SnapshotRow[]): Promise<CommitOutcome[] | null> {
    this.#pendingRows += rows.length;
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
    if (this.#running >= this.#options.slots || this.#waiting.length === 0) return;
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
    const end = this.#options.timed();
    try {
      const outcomes = await this.#store(group.flatMap((one) => one.rows));
      let offset = 0;
      for (const one of group) {
        one.resolve(outcomes === null ? null : outcomes.slice(offset, offset + one.rows.length));
        offset += one.rows.length;
      }
    } catch (error) {
      for (const one of group) one.reject(error);
    } finally {
      end();
      this.#running--;
      this.#pendingRows -= count;
      // Those who wait have company coming, or have waited for it long enough.
      if (this.#gathering === null) this.#next();
    }
  }

  async #store(rows: readonly SnapshotRow[]): Promise<CommitOutcome[] | null> {
    const { commit, log } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await commit(rows);
      } catch (error) {
        const fault = storeFault(error);
        if (fault === "unavailable") throw asUnavailable(error);
        if (fault === "no_partition" || fault === "sealed") return null;
        if (fault === "conflict" && attempt < ATTEMPTS) continue;
        if (fault === "row") return this.#split(rows, error);
        log.error({ err: error, rows: rows.length }, "cannot store a group of snapshots");
        return rows.map(() => "fault" as const);
      }
    }
  }

  /** One bad row must not fail its neighbours: halves are tried until it stands alone. */
  async #split(rows: readonly SnapshotRow[], error: unknown): Promise<CommitOutcome[] | null> {
    if (rows.length <= 1) {
      this.#options.log.error({ err: error, row: rows[0]?.namespaceId }, "the database refuses a snapshot");
      return rows.map(() => "fault" as const);
    }
    const middle = rows.length >> 1;
    const first = await this.#store(rows.slice(0, middle));
    const second = first === null ? null : await this.#store(rows.slice(middle));
    return first === null || second === null ? null : [...first, ...second];
  }
}
