import { SpillwayError } from "../errors.ts";
import { type Range, VALUES_MAX } from "../store/queries/range.ts";
import { HOUR_MS, MINUTE_MS } from "../store/queries/resolution.ts";
import { shardOf } from "../store/snapshots.ts";

/** Objects and fields that the lists of one answer may have, as they turn out. */
const FIELDS_MAX = 500_000;
/** Raw snapshots that the hosts of one answer are read from at most; what is more is answered from minutes. */
const SNAPSHOTS_MAX = 500_000;
/** Rows of rollups that the scans of one answer may read: a month of 10,000 hosts a hundred times over. */
const ROWS_MAX = 5_000_000;
/** What a scan costs beside its rows, in rows: its statements, and the planning of them. */
const ROWS_OF_SCAN = 100_000;
/** The same of a scan for one host, of which a page has many: its rows are found by an index. */
const ROWS_OF_HOST_SCAN = 2_000;

/** A look through the rollups of a fleet. */
export interface Scan {
  /** Whole minutes. */
  readonly range: Range;
  readonly shards: number;
  /** Counters, or other tables, each of which is read. */
  readonly counters: number;
  /** False where minutes are read throughout. */
  readonly hours?: boolean;
}

/**
 * What one answer may still cost: the bounds of a single field are no bound for a page of 500 hosts, or for a
 * document that names a field sixty times.
 */
export class AnswerBudget {
  #fields = 0;
  #values = 0;
  #snapshots = 0;
  #rows = 0;

  /**
   * @param count of objects and fields, which may be broken
   * @throws LIMIT_EXCEEDED when the answer's lists have more than FIELDS_MAX together
   */
  takeFields(count: number): void {
    this.#fields += count;
    if (this.#fields <= FIELDS_MAX) return;
    throw new SpillwayError(
      "LIMIT_EXCEEDED",
      `the lists of this answer have over ${FIELDS_MAX} fields together, ten values of a series counted as one: ask ` +
        "for shorter pages or less of each thing, or in several requests",
    );
  }

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

  /**
   * Call it before a scan. What it may read at most is what counts: that a counter stands still is known afterwards.
   *
   * @throws LIMIT_EXCEEDED when the answer's scans would read more than ROWS_MAX rows together
   */
  takeScan(scan: Scan): void {
    this.#takeRows(ROWS_OF_SCAN + rowsOf(scan));
  }

  /** The same for a scan of the namespaces of one host. @throws LIMIT_EXCEEDED as `takeScan` */
  takeHostScan(scan: Scan): void {
    this.#takeRows(ROWS_OF_HOST_SCAN * scan.counters + rowsOf(scan));
  }

  #takeRows(rows: number): void {
    this.#rows += rows;
    if (this.#rows <= ROWS_MAX) return;
    throw new SpillwayError(
      "LIMIT_EXCEEDED",
      `the fields of this answer would look through over ${ROWS_MAX} rows together, each field counted as at least ` +
        `${ROWS_OF_SCAN}, or ${ROWS_OF_HOST_SCAN} where it is of one host: ask for a shorter range, for fewer hosts, ` +
        "or in several requests",
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

/** How many shards namespaces are in, for a scan of them. */
export function shardCount(namespaceIds: readonly number[]): number {
  return new Set(namespaceIds.map(shardOf)).size;
}

/** A row for each counter, shard and bucket: hours, and minutes at both ends. */
function rowsOf({ range: { from, to }, shards, counters, hours = true }: Scan): number {
  const minutes = (to - from) / MINUTE_MS;
  const ends = 2 * (HOUR_MS / MINUTE_MS);
  const buckets = hours ? Math.min(minutes, (to - from) / HOUR_MS + ends) : minutes;
  return Math.ceil(buckets) * shards * counters;
}
