import type { Db } from "./client.ts";
import type { Span } from "./history/record.ts";

/** Counters of a namespace that fell and did not wrap. Times are ms since 1970. */
export interface FellRecord {
  readonly namespaceId: number;
  /** The first snapshot of a minute in which they did. */
  readonly at: number;
  readonly counterIds: readonly number[];
}

/** Keeps what a rollup has met, one row for a namespace and minute. Safe to repeat. */
export async function recordFell(
  tx: Db,
  shard: number,
  found: readonly (FellRecord & { readonly minute: number })[],
): Promise<void> {
  if (found.length === 0) return;
  await tx.dataProblem.createMany({
    data: found.map(({ minute, namespaceId, at, counterIds }) => ({
      shard,
      minute: new Date(minute),
      namespaceId,
      at: new Date(at),
      fell: [...counterIds],
    })),
    skipDuplicates: true,
  });
}

/** Of the namespaces of these hosts, whichever shard they lie in, by time. */
export async function readFell(
  db: Db,
  hostIds: readonly number[],
  { from, to }: Span,
): Promise<(FellRecord & { readonly hostId: number })[]> {
  if (hostIds.length === 0) return [];
  const rows = await db.$queryRaw<{ hostId: number; namespaceId: number; at: Date; counterIds: number[] }[]>`
    SELECT n.host_id AS "hostId", n.id AS "namespaceId", p.at, p.fell AS "counterIds"
    FROM namespace n JOIN data_problem p ON p.shard = n.id >> 8 AND p.namespace_id = n.id
    WHERE n.host_id = ANY(${[...hostIds]}::int[])
      AND p.minute >= to_timestamp(${(from - 60_000) / 1000}::float8)
      AND p.at >= to_timestamp(${from / 1000}::float8) AND p.at < to_timestamp(${to / 1000}::float8)
    ORDER BY p.at, n.id`;
  return rows.map(({ at, ...row }) => ({ ...row, at: at.getTime() }));
}

/** Of the namespaces of a shard, by minute. */
export async function readFellOfShard(
  db: Db,
  shard: number,
  { from, to }: Span,
): Promise<(FellRecord & { readonly minute: number })[]> {
  const rows = await db.dataProblem.findMany({
    where: { shard, minute: { gte: new Date(from), lt: new Date(to) } },
    orderBy: [{ minute: "asc" }, { namespaceId: "asc" }],
  });
  return rows.map(({ namespaceId, minute, at, fell }) => ({
    namespaceId,
    minute: minute.getTime(),
    at: at.getTime(),
    counterIds: fell,
  }));
}

/** Forgets what is too old to be judged. @param before ms since 1970 */
export async function forgetFell(tx: Db, shard: number, before: number): Promise<void> {
  await tx.dataProblem.deleteMany({ where: { shard, minute: { lt: new Date(before) } } });
}
