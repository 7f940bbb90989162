import { Prisma } from "../../generated/prisma/client.ts";
import { LISTED_MS } from "../../rates/listeners.ts";
import type { Db } from "../client.ts";
import type { ListenerRecord } from "./listeners.ts";
import type { Range } from "./range.ts";

/** A listener with what it did in a range. */
export interface ListenerStats extends ListenerRecord {
  readonly id: number;
  readonly firstSeen: number;
  /** The most that waited, as a share of what the kernel holds; null where its limit was not seen. */
  readonly peakFill: number | null;
  /** How many more connections there was room for when the queue was longest; null as `peakFill`. */
  readonly headroom: number | null;
  /** Growth of its sk_drops while ListenDrops of its namespace grew. */
  readonly weight: number;
}

export interface ListenerQuery {
  /** Whole minutes. */
  readonly range: Range;
  /** Null for those of all namespaces. */
  readonly namespaceIds: readonly number[] | null;
  readonly port?: number | null;
  /** Name of the process that owns it. */
  readonly owner?: string | null;
  /** Its limit is below net.core.somaxconn: the application's own backlog is what limits it. */
  readonly backlogBelowSomaxconn?: boolean | null;
}

/**
 * An open listener that has nothing to tell is listed once in an hour (`LISTED_MS`), and its minute is rolled up
 * soon after: of one that was not listed for so long, and not closed, the host is silent.
 */
const OPEN_WITHIN_MS = LISTED_MS + 10 * 60_000;

/**
 * Listeners that were open in a range, idle ones too; with what they did in its minutes that are over. One that was
 * closed before the range is not among them as soon as the next complete list of its namespace is rolled up.
 */
export function readListenerStats(db: Db, query: ListenerQuery): Promise<ListenerStats[]> {
  const { range, namespaceIds, port, owner, backlogBelowSomaxconn } = query;
  const [from, to] = [range.from / 1000, range.to / 1000];
  const openFrom = Math.min(range.from, range.to - OPEN_WITHIN_MS) / 1000;
  const ofNamespaces = (column: string) =>
    namespaceIds === null
      ? Prisma.sql`TRUE`
      : Prisma.sql`${Prisma.raw(column)} = ANY(${[...namespaceIds]}::int[])`;
  return db.$queryRaw<ListenerStats[]>`
    SELECT l.id, l.namespace_id AS "namespaceId", l.inode, l.address, l.port, l.owner, l.uid, l.cgroup, l."limit",
           l.limit_inferred AS "limitInferred", l.accept_queue AS "acceptQueue",
           round(date_part('epoch', l.first_seen) * 1000) AS "firstSeen",
           round(date_part('epoch', l.last_seen) * 1000) AS at,
           coalesce(did.peak_queue, 0) AS "peakQueue", coalesce(did.samples_full, 0) AS "samplesFull",
           coalesce(did.samples, 0) AS samples, coalesce(did.samples_around, 0) AS "samplesAround",
           coalesce(did.weight, 0) AS weight,
           coalesce(did.weight, 0) > 0 AS dropped,
           CASE WHEN did.seen THEN did.fill WHEN l."limit" IS NOT NULL THEN 0 END AS "peakFill",
           CASE WHEN did.seen THEN did.headroom ELSE l."limit" + 1::float8 END AS headroom
    FROM listener l
    LEFT JOIN (
      SELECT listener_id, true AS seen, max(peak_queue) AS peak_queue, sum(samples_full)::float8 AS samples_full,
             sum(samples)::float8 AS samples, sum(weight)::float8 AS weight,
             sum(samples) FILTER (WHERE samples_full > 0)::float8 AS samples_around,
             max(peak_queue / ("limit" + 1::float8)) AS fill, min("limit" + 1::float8 - peak_queue) AS headroom
      FROM ts.listener_minute
      WHERE bucket >= to_timestamp(${from}::float8) AND bucket < to_timestamp(${to}::float8)
        AND ${ofNamespaces("namespace_id")}
      GROUP BY listener_id
    ) did ON did.listener_id = l.id
    WHERE ${ofNamespaces("l.namespace_id")} AND l.first_seen < to_timestamp(${to}::float8)
      AND (did.seen OR (l.last_seen >= to_timestamp(${openFrom}::float8)
                        AND (l.closed_at IS NULL OR l.closed_at > to_timestamp(${from}::float8))))
      AND (${port ?? null}::int IS NULL OR l.port = ${port ?? null}::int)
      AND (${owner ?? null}::text IS NULL OR l.owner = ${owner ?? null}::text)
      AND (NOT ${backlogBelowSomaxconn ?? false}::boolean OR EXISTS (
        SELECT FROM namespace n
        WHERE n.id = l.namespace_id AND n.sysctls ->> 'net.core.somaxconn' ~ '^[0-9]{1,10}$'
          AND l."limit" < (n.sysctls ->> 'net.core.somaxconn')::bigint))
    ORDER BY l.id`;
}
