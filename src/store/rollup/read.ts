import type { Db } from "../client.ts";

export interface Mark {
  readonly id: bigint;
  /** Start of the minute, ms since 1970. */
  readonly minute: number;
}

/** Shards that have marks. */
export async function markedShards(db: Db): Promise<number[]> {
  // The primary key leads with the shard: each step jumps to the next one instead of reading all marks.
  const rows = await db.$queryRaw<{ shard: number }[]>`
    WITH RECURSIVE marked AS (
      (SELECT shard FROM ts.mark ORDER BY shard LIMIT 1)
      UNION ALL
      SELECT (SELECT m.shard FROM ts.mark m WHERE m.shard > marked.shard ORDER BY m.shard LIMIT 1)
      FROM marked WHERE marked.shard IS NOT NULL
    )
    SELECT shard FROM marked WHERE shard IS NOT NULL`;
  return rows.map((row) => row.shard);
}

export async function readMarks(db: Db, shard: number, limit: number): Promise<Mark[]> {
  const rows = await db.$queryRaw<Mark[]>`
    SELECT id, date_part('epoch', minute) * 1000 AS minute FROM ts.mark
    WHERE shard = ${shard} ORDER BY id LIMIT ${limit}`;
  return rows.map((row) => ({ id: row.id, minute: Math.round(row.minute) }));
}
