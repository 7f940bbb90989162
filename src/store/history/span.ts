import { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { readPacked } from "./packed-records.ts";
import type { ListenersRecord, SnapshotRecord, Span, Whose } from "./record.ts";

/** The snapshots of a span, by namespace and time. */
export function readSpan(db: Db, whose: Whose, { from, to }: Span): Promise<SnapshotRecord[]> {
  return readPacked(
    db,
    Prisma.sql`
      SELECT namespace_id, at, epoch_id, uptime_ms, every_ms, flags, layout_id, "values" FROM ts.snapshot
      WHERE ${of(whose)}
        AND at >= to_timestamp(${from / 1000}::float8) AND at < to_timestamp(${to / 1000}::float8)`,
  );
}

/** What was sampled of listening sockets in a span, by namespace and time; snapshots without are left out. */
export function readListenerSpan(db: Db, whose: Whose, { from, to }: Span): Promise<ListenersRecord[]> {
  return db.$queryRaw<ListenersRecord[]>`
    SELECT namespace_id, date_part('epoch', at) * 1000 AS at, listeners
    FROM ts.snapshot
    WHERE ${of(whose)} AND listeners IS NOT NULL
      AND at >= to_timestamp(${from / 1000}::float8) AND at < to_timestamp(${to / 1000}::float8)
    ORDER BY namespace_id, at`;
}

/** The condition on the key's first columns. One shard alone is named by `=`, so that the key's order is the result's. */
function of(whose: Whose): Prisma.Sql {
  if ("shard" in whose) return Prisma.sql`shard = ${whose.shard}`;
  const shards = [...new Set(whose.namespaceIds.map((id) => id >> 8))];
  return Prisma.sql`shard = ANY(${shards}::int[]) AND namespace_id = ANY(${[...whose.namespaceIds]}::int[])`;
}
