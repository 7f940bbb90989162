import type { Db } from "../client.ts";
import type { Lookup, SnapshotRecord } from "./record.ts";

/** A snapshot with what was sampled of listening sockets up to it (src/store/codec/listeners.ts). */
export type ListenerSampleRecord = SnapshotRecord & { readonly listeners: Uint8Array };

/**
 * For each lookup the listener samples before it of the same epoch, within `withinMs`: the newest complete list
 * and what was listed since, and the newest of all. Lists that are empty and not complete say nothing else, and
 * are left out.
 */
export async function readListenerSamples(
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
): Promise<ListenerSampleRecord[]> {
  if (lookups.length === 0) return [];
  const times = lookups.map((one) => one.at);
  const from = Math.min(...times) - withinMs;
  const to = Math.max(...times);
  // JSON as ingest wrote it: no text within it can hold these words with their quotes bare.
  return db.$queryRaw<ListenerSampleRecord[]>`
    SELECT p.namespace_id, date_part('epoch', p.at) * 1000 AS at, p.epoch_id, p.uptime_ms::float8 AS uptime_ms,
           p.every_ms, p.flags::int AS flags, p.layout_id, p."values", p.listeners
    FROM unnest(${lookups.map((one) => one.namespaceId)}::int[], ${times}::float8[],
                ${lookups.map((one) => one.epochId)}::int[]) AS wanted(namespace_id, at, epoch_id)
    CROSS JOIN LATERAL (
      SELECT s.at FROM ts.snapshot s
      WHERE s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id
        AND s.at >= to_timestamp(${from / 1000}::float8) AND s.at < to_timestamp(${to / 1000}::float8)
        AND s.at < to_timestamp(wanted.at / 1000)::timestamptz(3)
        AND s.at >= to_timestamp((wanted.at - ${withinMs}::float8) / 1000)::timestamptz(3)
        AND s.epoch_id = wanted.epoch_id AND s.listeners IS NOT NULL
      ORDER BY s.at DESC LIMIT 1
    ) newest
    LEFT JOIN LATERAL (
      SELECT s.at FROM ts.snapshot s
      WHERE s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id
        AND s.at >= to_timestamp(${from / 1000}::float8) AND s.at <= newest.at
        AND s.at >= to_timestamp((wanted.at - ${withinMs}::float8) / 1000)::timestamptz(3)
        AND s.epoch_id = wanted.epoch_id AND s.listeners IS NOT NULL
        AND position('"complete":false'::bytea IN s.listeners) = 0
      ORDER BY s.at DESC LIMIT 1
    ) complete ON true
    CROSS JOIN LATERAL (
      SELECT * FROM ts.snapshot s
      WHERE s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id
        AND s.at >= to_timestamp(${from / 1000}::float8)
        AND s.at >= coalesce(complete.at, to_timestamp((wanted.at - ${withinMs}::float8) / 1000)::timestamptz(3))
        AND s.at <= newest.at AND s.epoch_id = wanted.epoch_id AND s.listeners IS NOT NULL
        AND (s.at = newest.at OR s.at = complete.at OR position('"sockets":[]'::bytea IN s.listeners) = 0)
    ) p
    ORDER BY p.namespace_id, p.at`;
}

/**
 * Minutes of the lists behind these samples that may be measured from them: of the same epoch, within `withinMs`,
 * up to the next complete one. Empty lists that are not complete are measured from nothing.
 *
 * @param newest no snapshot is later than this
 */
export async function readListenerSuccessorMinutes(
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
  newest: number,
): Promise<number[]> {
  if (lookups.length === 0) return [];
  const times = lookups.map((one) => one.at);
  const from = Math.min(...times);
  const to = Math.min(Math.max(...times) + withinMs, newest);
  const rows = await db.$queryRaw<{ minute: number }[]>`
    SELECT DISTINCT date_part('epoch', date_trunc('minute', n.at)) * 1000 AS minute
    FROM unnest(${lookups.map((one) => one.namespaceId)}::int[], ${times}::float8[],
                ${lookups.map((one) => one.epochId)}::int[]) AS wanted(namespace_id, at, epoch_id)
    LEFT JOIN LATERAL (
      SELECT s.at FROM ts.snapshot s
      WHERE s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id
        AND s.at > to_timestamp(${from / 1000}::float8) AND s.at <= to_timestamp(${to / 1000}::float8)
        AND s.at > to_timestamp(wanted.at / 1000)::timestamptz(3)
        AND s.epoch_id = wanted.epoch_id AND s.listeners IS NOT NULL
        AND position('"complete":false'::bytea IN s.listeners) = 0
      ORDER BY s.at LIMIT 1
    ) complete ON true
    CROSS JOIN LATERAL (
      SELECT s.at FROM ts.snapshot s
      WHERE s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id
        AND s.at > to_timestamp(${from / 1000}::float8) AND s.at <= to_timestamp(${to / 1000}::float8)
        AND s.at > to_timestamp(wanted.at / 1000)::timestamptz(3)
        AND s.at <= coalesce(complete.at, to_timestamp((wanted.at + ${withinMs}::float8) / 1000)::timestamptz(3))
        AND s.epoch_id = wanted.epoch_id AND s.listeners IS NOT NULL
        AND position('"sockets":[]'::bytea IN s.listeners) = 0
    ) n`;
  return rows.map(({ minute }) => Math.round(minute));
}
