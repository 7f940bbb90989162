import type { Db } from "../client.ts";
import { PARTITION_MS, type PartitionedTable } from "../partitions.ts";
import { PARTITIONED_TABLES } from "./policy.ts";

/** A partition that is there. */
export interface StoredPartition {
  readonly table: PartitionedTable;
  /** Of its own table, in the schema "ts". */
  readonly name: string;
  /** Its rows have lower <= time < upper, ms since 1970. */
  readonly lower: number;
  readonly upper: number;
}

interface Row {
  readonly name: string;
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * Every partition, by table and oldest first. One that is no longer part of its parent, because somebody
 * detached it and went no further, is among them: its name says when it was of.
 */
export async function listPartitions(db: Db): Promise<StoredPartition[]> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT c.relname AS name,
           date_part('epoch', substring(b.bound FROM $$FROM [(]'([^']+)'[)]$$)::timestamptz) * 1000 AS lower,
           date_part('epoch', substring(b.bound FROM $$TO [(]'([^']+)'[)]$$)::timestamptz) * 1000 AS upper
    FROM pg_catalog.pg_class c
    CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) b
    WHERE c.relnamespace = 'ts'::regnamespace AND c.relkind = 'r'`;
  return rows
    .flatMap(toPartition)
    .sort((a, b) => (a.table === b.table ? a.lower - b.lower : a.table < b.table ? -1 : 1));
}

function toPartition({ name, lower, upper }: Row): StoredPartition[] {
  const [, parent = "", year, month, day, hour] = /^(\w+)_(\d{4})(\d\d)(\d\d)(\d\d)$/.exec(name) ?? [];
  const table = PARTITIONED_TABLES.find((one) => one === parent);
  if (table === undefined) return [];
  const named = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour));
  const start = lower ?? named;
  return [{ table, name, lower: start, upper: upper ?? start + PARTITION_MS[table] }];
}
