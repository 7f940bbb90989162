import type { Db } from "../client.ts";
import { HOUR_MS } from "../history/record.ts";
import type { Unreadable } from "../history/unreadable.ts";

/** What is set aside is looked at again so often: a row that a person has restored heals by itself. */
export const RETRY_MS = 10 * 60_000;

/** Minutes of a namespace that are not rolled up, because something that they rest on cannot be read. */
export interface SetAside {
  readonly unreadable: Unreadable;
  /** Starts of the first and the last of them, ms since 1970. */
  readonly first: number;
  readonly last: number;
}

/** Under this id stand hours of a shard whose minutes cannot be read, which no namespace alone is. */
export const ALL_NAMESPACES = -1;

/**
 * Writes down what is set aside. Call it in the transaction that deletes the marks of its minutes.
 *
 * @param now ms since 1970
 * @returns what was met of namespaces of which nothing was set aside before, one of each: to be told once
 */
export async function setAside(
  tx: Db,
  shard: number,
  all: readonly SetAside[],
  now: number,
): Promise<Unreadable[]> {
  if (all.length === 0) return [];
  const rows = byHour(all);
  const told = await tx.$queryRaw<{ id: number }[]>`
    WITH known AS MATERIALIZED (
      SELECT namespace_id FROM ts.set_aside WHERE shard = ${shard}
    ), kept AS (
      INSERT INTO ts.set_aside AS s (shard, namespace_id, hour, first_minute, last_minute, why, since, retry_at)
      SELECT ${shard}, namespace_id, to_timestamp(hour / 1000), to_timestamp(first / 1000), to_timestamp(last / 1000), why,
             to_timestamp(${now / 1000}::float8), to_timestamp(${(now + RETRY_MS) / 1000}::float8)
      FROM unnest(
        ${rows.map((row) => row.unreadable.namespaceId)}::int[], ${rows.map((row) => row.hour)}::float8[],
        ${rows.map((row) => row.first)}::float8[], ${rows.map((row) => row.last)}::float8[],
        ${rows.map((row) => row.unreadable.what)}::text[]
      ) AS row(namespace_id, hour, first, last, why)
      ON CONFLICT (shard, namespace_id, hour) DO UPDATE SET
        first_minute = least(s.first_minute, excluded.first_minute),
        last_minute = greatest(s.last_minute, excluded.last_minute),
        why = excluded.why, retry_at = excluded.retry_at
      RETURNING namespace_id
    )
    SELECT DISTINCT namespace_id AS id FROM kept WHERE namespace_id NOT IN (SELECT namespace_id FROM known)`;
  const fresh = new Set(told.map(({ id }) => id));
  return rows.map((row) => row.unreadable).filter(({ namespaceId }) => fresh.delete(namespaceId));
}

/** One for each namespace and hour. */
function byHour(all: readonly SetAside[]): (SetAside & { readonly hour: number })[] {
  const rows = new Map<string, SetAside & { readonly hour: number }>();
  for (const one of all) {
    const hour = Math.floor(one.first / HOUR_MS) * HOUR_MS;
    const key = `${one.unreadable.namespaceId} ${hour}`;
    const other = rows.get(key) ?? one;
    rows.set(key, {
      ...one,
      hour,
      first: Math.min(one.first, other.first),
      last: Math.max(one.last, other.last),
    });
  }
  return [...rows.values()];
}

/** Hours of a shard that could be made after all are set aside no longer. */
export async function takeUpHours(tx: Db, shard: number, hours: readonly number[]): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM ts.set_aside WHERE shard = ${shard} AND namespace_id = ${ALL_NAMESPACES}
      AND hour = ANY(${hours.map((hour) => new Date(hour).toISOString())}::text[]::timestamptz[])`;
}

/** How much is set aside, and in which shards something is to be looked at again. */
export interface AsideCount {
  /** Hours of namespaces. */
  readonly hours: number;
  readonly dueShards: readonly number[];
}

export async function countAside(db: Db, now: number): Promise<AsideCount> {
  const rows = await db.$queryRaw<{ shard: number; hours: number; due: boolean }[]>`
    SELECT shard, count(*)::int AS hours,
           bool_or(namespace_id <> ${ALL_NAMESPACES} AND retry_at <= to_timestamp(${now / 1000}::float8)) AS due
    FROM ts.set_aside GROUP BY shard ORDER BY shard`;
  return {
    hours: rows.reduce((sum, { hours }) => sum + hours, 0),
    dueShards: rows.filter(({ due }) => due).map(({ shard }) => shard),
  };
}
