import type { Db } from "../client.ts";
import type { PartitionedTable } from "../partitions.ts";
import { PARTITIONED_TABLES } from "../retention/policy.ts";

/** A table, or one partition of one, with what it takes on disk: itself, its indexes and its TOAST. */
export interface StoredTable {
  readonly schema: string;
  readonly name: string;
  readonly bytes: number;
  /** It has ever had a row. */
  readonly filled: boolean;
  /** Rows as the server estimated them last; null when it has not yet. */
  readonly rows: number | null;
  /** Null for one that is no partition. */
  readonly partition: PartitionOf | null;
}

/** Which partition a table is: its rows have lower <= time < upper, ms since 1970. */
export interface PartitionOf {
  readonly table: PartitionedTable;
  readonly lower: number;
  readonly upper: number;
}

interface Row {
  readonly schema: string;
  readonly name: string;
  readonly bytes: number | null;
  readonly filled: boolean | null;
  readonly rows: number;
  readonly parent: string | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

/** Every table of the service, the queues' included. Reads the server's catalog and the sizes of files alone. */
export async function readTables(db: Db): Promise<StoredTable[]> {
  // A size is null for a table that is dropped meanwhile.
  const rows = await db.$queryRaw<Row[]>`
    SELECT n.nspname AS schema, c.relname AS name, pg_total_relation_size(c.oid)::float8 AS bytes,
           pg_relation_size(c.oid) > 0 AS filled, c.reltuples::float8 AS rows, p.relname AS parent,
           date_part('epoch', substring(b.bound FROM $$FROM [(]'([^']+)'[)]$$)::timestamptz) * 1000 AS lower,
           date_part('epoch', substring(b.bound FROM $$TO [(]'([^']+)'[)]$$)::timestamptz) * 1000 AS upper
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
    LEFT JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
    CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) b
    WHERE n.nspname IN ('ts', 'public', 'bullmq') AND c.relkind = 'r'`;
  return rows.map(({ schema, name, bytes, filled, rows: count, parent, lower, upper }) => {
    const table = PARTITIONED_TABLES.find((one) => schema === "ts" && one === parent);
    return {
      schema,
      name,
      bytes: bytes ?? 0,
      filled: filled ?? false,
      rows: count < 0 ? null : count,
      partition: table === undefined || lower === null || upper === null ? null : { table, lower, upper },
    };
  });
}

/** What a forecast needs beside the catalog. */
export interface StorageFacts {
  /** When the first host was seen, ms since 1970; null when there is none. */
  readonly since: number | null;
  /** Hosts heard of within the last hour. */
  readonly hosts: number;
  readonly unreadable: UnreadableStorage;
}

/** What is stored and cannot be read, as far as the rollups have met it. */
export interface UnreadableStorage {
  /** Hours of namespaces that are not, or not wholly, in the rollups because of it; an hour of a shard counts as one. */
  readonly hours: number;
  /** Since when something is, ms since 1970; null when nothing is. */
  readonly since: number | null;
  /** What is wrong with the oldest, and what a person can do; null when nothing is. */
  readonly example: string | null;
}

export async function readStorageFacts(db: Db, now: number): Promise<StorageFacts> {
  const [row] = await db.$queryRaw<StorageFacts[]>`
    SELECT (SELECT date_part('epoch', min(first_seen)) * 1000 FROM host) AS since,
           (SELECT count(*) FROM host_status WHERE last_seen > ${new Date(now - 3_600_000)})::int AS hosts,
           (SELECT jsonb_build_object(
              'hours', count(*), 'since', round(date_part('epoch', min(since)) * 1000),
              'example', (array_agg(why ORDER BY since, shard, namespace_id, hour))[1])
            FROM ts.set_aside) AS unreadable`;
  return row ?? { since: null, hosts: 0, unreadable: { hours: 0, since: null, example: null } };
}
