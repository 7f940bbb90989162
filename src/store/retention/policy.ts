import { PARTITION_MS, type PartitionedTable } from "../partitions.ts";

/** How long each resolution is kept, in ms. */
export interface Retention {
  readonly rawMs: number;
  readonly minuteMs: number;
  readonly hourMs: number;
  /** How long containers that have ended are known; as long as hours when it is left out. */
  readonly containerMs?: number;
}

/**
 * Snapshots are taken in until they are this much younger than the retention of raw ones: a predecessor is at
 * most a day older than its snapshot, and must not have been dropped.
 */
export const LATE_MARGIN_MS = 25 * 3_600_000;

const KEPT_AS: Readonly<Record<PartitionedTable, "rawMs" | "minuteMs" | "hourMs">> = {
  snapshot: "rawMs",
  snapshot_hour: "rawMs",
  snapshot_late: "rawMs",
  rollup_minute: "minuteMs",
  coverage: "minuteMs",
  gauge_minute: "minuteMs",
  listener_minute: "minuteMs",
  rollup_hour: "hourMs",
  coverage_hour: "hourMs",
  gauge_hour: "hourMs",
};

export const PARTITIONED_TABLES = Object.keys(PARTITION_MS) as PartitionedTable[];

/** How long the rows of a table are kept, in ms. A partition goes when its last row may. */
export function retentionOf(table: PartitionedTable, retention: Retention): number {
  return retention[KEPT_AS[table]];
}

/** Times of work that is not done, ms since 1970; null when all is. */
export interface Unfinished {
  /** The oldest minute that has to be rolled up. */
  readonly minute: number | null;
  /** The oldest hour that has to be made of its minutes. */
  readonly hour: number | null;
}

/**
 * Whether rollups still read a partition that ends at `upper`: then it stays, however old.
 *
 * Snapshots are read for their own minute, for the one after it, and as predecessors up to a day later; minutes
 * for their hour. A partition of minutes that is gone would make an empty hour of a full one.
 */
export function stillRead(table: PartitionedTable, upper: number, { minute, hour }: Unfinished): boolean {
  switch (KEPT_AS[table]) {
    case "rawMs":
      return minute !== null && minute < upper + LATE_MARGIN_MS;
    case "minuteMs":
      return (minute !== null && minute < upper) || (hour !== null && hour < upper);
    case "hourMs":
      return false;
  }
}
