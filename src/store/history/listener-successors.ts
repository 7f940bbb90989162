import { Prisma } from "../../generated/prisma/client.ts";
import { minuteOf } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { decodeHourListeners } from "../codec/hour.ts";
import { COMPLETE, EMPTY, isComplete, isEmpty, keyOf, type Wanted, wantedOf } from "./listener-lists.ts";
import type { Lookup } from "./record.ts";
import { hoursWithin, instant, within } from "./sources.ts";
import { Unpacking } from "./unpacking.ts";
import { widening } from "./widening.ts";

type NextRow = Wanted & {
  readonly namespace_id: number;
  readonly at: number;
  readonly complete: boolean;
  readonly empty: boolean;
  readonly data: Uint8Array | null;
};

interface NextList {
  readonly at: number;
  readonly complete: boolean;
  readonly empty: boolean;
}

/**
 * Minutes of the lists behind these samples that may be measured from them: of the same epoch, within `withinMs`,
 * up to the next complete one. Empty lists that are not complete are measured from nothing, and end nothing.
 *
 * @param newest no snapshot is later than this
 * @throws UnreadableError
 */
export async function readListenerSuccessorMinutes(
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
  newest: number,
): Promise<number[]> {
  const minutes = new Set<number>();
  const oldest = lookups.reduce((least, { at }) => Math.min(least, at), newest);
  await widening(lookups, Math.min(withinMs, newest - oldest), async (wanted, reachMs) => {
    const found = await lookAfter(db, wanted, reachMs);
    return wanted.filter((one) => {
      const lists = found.get(keyOf(one)) ?? [];
      for (const { at, empty, complete } of lists) if (!empty || complete) minutes.add(minuteOf(at));
      return lists.at(-1)?.complete !== true;
    });
  });
  return [...minutes];
}

/** The lists behind each lookup, up to the next complete one. */
async function lookAfter(
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
): Promise<Map<string, NextList[]>> {
  const times = lookups.map((one) => one.at);
  const span = { from: Math.min(...times) + 1, to: Math.max(...times) + withinMs + 1 };
  const behind = Prisma.sql`
    s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id AND ${within(span)}
    AND s.at > to_timestamp(wanted.at / 1000)::timestamptz(3)
    AND s.at <= to_timestamp((wanted.at + ${withinMs}::float8) / 1000)::timestamptz(3)
    AND s.epoch_id = wanted.epoch_id AND s.listeners IS NOT NULL`;
  const list = Prisma.sql`
    s.namespace_id, date_part('epoch', s.at) * 1000 AS at, ${COMPLETE} AS complete,
    ${EMPTY} AS empty, NULL::bytea AS data`;
  const rows = await db.$queryRaw<NextRow[]>`
    SELECT wanted.epoch_id AS wanted_epoch, wanted.at AS wanted_at, n.*
    FROM ${wantedOf(lookups)}
    LEFT JOIN LATERAL (
      SELECT s.at FROM ts.snapshot s WHERE ${behind} AND ${COMPLETE} ORDER BY s.at LIMIT 1
    ) complete ON true
    CROSS JOIN LATERAL (
      (SELECT ${list} FROM ts.snapshot s WHERE ${behind} AND s.at <= coalesce(complete.at, ${instant(span.to)}))
      UNION ALL
      (SELECT ${list} FROM ts.snapshot_late s WHERE ${behind})
      UNION ALL
      (SELECT h.namespace_id, date_part('epoch', h.hour) * 1000, false, false, h.data FROM ts.snapshot_hour h
       WHERE h.shard = wanted.namespace_id >> 8 AND h.namespace_id = wanted.namespace_id AND ${hoursWithin(span)}
         AND h.last_listeners_at > to_timestamp(wanted.at / 1000)::timestamptz(3)
         AND h.first_at <= to_timestamp((wanted.at + ${withinMs}::float8) / 1000)::timestamptz(3)
         AND h.epochs @> ARRAY[wanted.epoch_id])
    ) n`;

  const found = new Map<string, NextList[]>();
  const unpacking = new Unpacking();
  for (const { namespace_id, wanted_epoch, wanted_at, data, ...one } of rows) {
    const key = `${namespace_id} ${wanted_epoch} ${Math.round(wanted_at)}`;
    const lists =
      data === null
        ? [{ ...one, at: Math.round(one.at) }]
        : await unpacking.hour(namespace_id, one.at, () => listsOf(data, wanted_epoch));
    const own = (lists ?? []).filter(({ at }) => at > wanted_at && at <= wanted_at + withinMs);
    const known = found.get(key);
    if (known === undefined) found.set(key, own);
    else known.push(...own);
  }
  unpacking.end();
  for (const [key, lists] of found) {
    lists.sort((a, b) => a.at - b.at);
    const next = lists.findIndex((one) => one.complete);
    if (next >= 0) found.set(key, lists.slice(0, next + 1));
  }
  return found;
}

/** The lists of an epoch in a compacted hour. */
function listsOf(data: Uint8Array, epochId: number): NextList[] {
  return decodeHourListeners(data)
    .filter((one) => one.epochId === epochId)
    .map(({ at, listeners }) => ({ at, complete: isComplete(listeners), empty: isEmpty(listeners) }));
}
