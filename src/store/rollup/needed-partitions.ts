import type { PrismaClient } from "../client.ts";
import { storeFault } from "../errors.ts";
import type { PartitionedTable, Partitions } from "../partitions.ts";

const ATTEMPTS = 4;

/** Says which times have no partition yet. */
class PartitionsNeeded extends Error {
  readonly times: readonly number[];

  constructor(times: readonly number[]) {
    super(`no partition for ${times.map((time) => new Date(time).toISOString()).join(", ")}`);
    this.times = times;
  }
}

/** @throws what makes `ensuring` try again, when a partition that the times fall into is not known to be there */
export function needPartitions(
  partitions: Partitions,
  tables: readonly PartitionedTable[],
  times: readonly number[],
): void {
  if (!tables.every((table) => partitions.has(table, times))) throw new PartitionsNeeded(times);
}

/**
 * Runs a transaction, and again with the partitions made that it was missing. They are made outside of it, which
 * would hold a second connection meanwhile.
 */
export async function ensuring<T>(
  { db, partitions }: { readonly db: PrismaClient; readonly partitions: Partitions },
  tables: readonly PartitionedTable[],
  transaction: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      if (storeFault(error) === "no_partition") partitions.forget();
      else if (!(error instanceof PartitionsNeeded)) throw error;
      else for (const table of tables) await partitions.ensure(db, table, error.times);
    }
  }
}
