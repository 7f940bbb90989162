/** Partitions and snapshots of an age, for what goes when it has come to it. */
import type { PrismaClient } from "../../src/store/client.ts";
import { encodeValues } from "../../src/store/codec/values.ts";
import { type PartitionedTable, Partitions } from "../../src/store/partitions.ts";
import { appendSnapshots } from "../../src/store/snapshots.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const NOW = Date.UTC(2026, 10, 22, 12, 30);
export const RETENTION = { rawMs: 7 * DAY, minuteMs: 30 * DAY, hourMs: 400 * DAY };

export async function makePartitions(
  db: PrismaClient,
  table: PartitionedTable,
  ...ages: number[]
): Promise<void> {
  await new Partitions().ensure(
    db,
    table,
    ages.map((age) => NOW - age),
  );
}

export async function addSnapshot(db: PrismaClient, namespaceId: number, at: number): Promise<void> {
  await new Partitions().ensure(db, "snapshot", [at]);
  const row = {
    namespaceId,
    at,
    epochId: 1,
    uptimeMs: 1,
    everyMs: 10_000,
    flags: 0,
    layoutId: 1,
    listeners: null,
  };
  await appendSnapshots(db, [{ ...row, values: encodeValues([1]) }]);
}
