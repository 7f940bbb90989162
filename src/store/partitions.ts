import type { PrismaClient } from "./client.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

/** The partitioned tables, and how long a partition of each is. */
export const PARTITION_MS = {
  snapshot: HOUR_MS,
  snapshot_hour: DAY_MS,
  snapshot_late: DAY_MS,
  rollup_minute: DAY_MS,
  coverage: DAY_MS,
  gauge_minute: DAY_MS,
  listener_minute: DAY_MS,
  rollup_hour: WEEK_MS,
  coverage_hour: WEEK_MS,
  gauge_hour: WEEK_MS,
} as const;

export type PartitionedTable = keyof typeof PARTITION_MS;

/** Those that take what has just been read or rolled up; the others take hours that are over. */
const CURRENT = ["rollup_minute", "coverage", "gauge_minute", "listener_minute"] as const;

/**
 * The partitions known to be there, so that a writer asks the database once for each and not once a write.
 * A job makes them ahead; a writer makes the one it finds missing (a backfill, or the queue was down).
 */
export class Partitions {
  readonly #known = new Set<string>();
  readonly #sealed = new Set<number>();

  /** True when the partitions that the times (ms since 1970) fall into are known to be there. */
  has(table: PartitionedTable, times: Iterable<number>): boolean {
    return this.#missing(table, times).size === 0;
  }

  /** True when the hour that a time falls into is known to be sealed: ts.snapshot takes no more of it. */
  sealed(time: number): boolean {
    return this.#sealed.has(Math.floor(time / HOUR_MS) * HOUR_MS);
  }

  /**
   * Makes the partitions that the times fall into, but for those of sealed hours. Not within a transaction: what is
   * remembered as made must stay made, and creators wait for each other.
   */
  async ensure(db: PrismaClient, table: PartitionedTable, times: Iterable<number>): Promise<void> {
    const length = PARTITION_MS[table];
    for (const lower of this.#missing(table, times)) {
      const [answer] = await db.$queryRaw<{ made: boolean | null }[]>`
        SELECT ts.ensure_partition(${table}, to_timestamp(${lower / 1000}::float8),
                                   to_timestamp(${(lower + length) / 1000}::float8)) AS made`;
      if (answer?.made === null) this.#sealed.add(lower);
      this.#known.add(`${table} ${lower}`);
    }
  }

  /** Forgets what is known: a partition has gone, or an hour was sealed. */
  forget(): void {
    this.#known.clear();
    this.#sealed.clear();
  }

  /** Makes the partitions that will be written within the next while. */
  async makeAhead(db: PrismaClient, now: number): Promise<void> {
    await this.ensure(
      db,
      "snapshot",
      [0, 1, 2].map((hours) => now + hours * HOUR_MS),
    );
    for (const table of CURRENT) await this.ensure(db, table, [now, now + DAY_MS]);
    for (const table of ["snapshot_hour", "snapshot_late"] as const) {
      await this.ensure(db, table, [now - DAY_MS, now]);
    }
    for (const table of ["rollup_hour", "coverage_hour", "gauge_hour"] as const) {
      await this.ensure(db, table, [now - DAY_MS, now + DAY_MS]);
    }
  }

  #missing(table: PartitionedTable, times: Iterable<number>): Set<number> {
    const length = PARTITION_MS[table];
    const missing = new Set<number>();
    for (const time of times) {
      const lower = Math.floor(time / length) * length;
      if (!this.#known.has(`${table} ${lower}`)) missing.add(lower);
    }
    return missing;
  }
}
