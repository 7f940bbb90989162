import { SpillwayError } from "../errors.ts";
import { VALUES_MAX } from "../store/queries/range.ts";

/** Raw snapshots that the hosts of one answer are read from at most; what is more is answered from minutes. */
const SNAPSHOTS_MAX = 500_000;

/**
 * What one answer may still cost: the bounds of a single field are no bound for a page of 500 hosts, or for a
 * document that names a field eighty times.
 */
export class AnswerBudget {
  #values = 0;
  #snapshots = 0;

  /** @throws LIMIT_EXCEEDED when the answer's series would have more than VALUES_MAX values together */
  takeValues(count: number): void {
    this.#values += count;
    if (this.#values <= VALUES_MAX) return;
    throw new SpillwayError(
      "LIMIT_EXCEEDED",
      `the series of this answer would have over ${VALUES_MAX} values together: ask for a coarser step, a shorter ` +
        "range or fewer series, or in several requests",
    );
  }

  /** Raw snapshots that may still be read. */
  get snapshotsLeft(): number {
    return Math.max(0, SNAPSHOTS_MAX - this.#snapshots);
  }

  takeSnapshots(count: number): void {
    this.#snapshots += count;
  }
}
