import { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { decodeHour } from "../codec/hour.ts";
import { COMPLETE, EMPTY, isComplete, isEmpty, keyOf, type Wanted, wantedOf } from "./listener-lists.ts";
import type { Lookup, SnapshotRecord } from "./record.ts";
import { hoursWithin, instant, recordOf, SNAPSHOT, within } from "./sources.ts";
import { inOrder } from "./span.ts";
import { Unpacking } from "./unpacking.ts";
import { widening } from "./widening.ts";

/** A snapshot with what was sampled of listening sockets up to it (src/store/codec/listeners.ts). */
export type ListenerSampleRecord = SnapshotRecord & { readonly listeners: Uint8Array };

type SampleRow = ListenerSampleRecord & Wanted & { readonly data: Uint8Array | null };

/**
 * For each lookup the listener samples before it of the same epoch, within `withinMs`: the newest complete list
 * and what was listed since, and the newest of all. Lists that are empty and not complete say nothing else, and
 * are left out.
 *
 * @throws UnreadableError
 */
export async function readListenerSamples(
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
): Promise<ListenerSampleRecord[]> {
  const all: ListenerSampleRecord[] = [];
  await widening(lookups, withinMs, async (wanted, reachMs) => {
    const found = await lookBefore(db, wanted, reachMs);
    return wanted.filter((one) => {
      const samples = found.get(keyOf(one)) ?? [];
      // Without a complete list there may be one further back, unless this is as far as a look goes.
      const isAnswered = samples.some(({ listeners }) => isComplete(listeners));
      if (isAnswered || reachMs >= withinMs) all.push(...samples);
      return !isAnswered;
    });
  });
  return inOrder(all);
}

async function lookBefore(
  db: Db,
  lookups: readonly Lookup[],
  withinMs: number,
): Promise<Map<string, ListenerSampleRecord[]>> {
  const times = lookups.map((one) => one.at);
  const span = { from: Math.max(0, Math.min(...times) - withinMs), to: Math.max(...times) };
  const before = Prisma.sql`
    s.shard = wanted.namespace_id >> 8 AND s.namespace_id = wanted.namespace_id AND ${within(span)}
    AND s.at < to_timestamp(wanted.at / 1000)::timestamptz(3)
    AND s.at >= to_timestamp((wanted.at - ${withinMs}::float8) / 1000)::timestamptz(3)
    AND s.epoch_id = wanted.epoch_id AND s.listeners IS NOT NULL`;
  const rows = await db.$queryRaw<SampleRow[]>`
    SELECT wanted.epoch_id AS wanted_epoch, wanted.at AS wanted_at, p.*
    FROM ${wantedOf(lookups)}
    LEFT JOIN LATERAL (
      SELECT s.at FROM ts.snapshot s WHERE ${before} AND ${COMPLETE} ORDER BY s.at DESC LIMIT 1
    ) complete ON true
    CROSS JOIN LATERAL (
      (SELECT ${SNAPSHOT}, s.listeners, NULL::bytea AS data FROM ts.snapshot s
       WHERE ${before} AND s.at >= coalesce(complete.at, ${instant(span.from)})
         AND (${COMPLETE} OR NOT ${EMPTY}))
      UNION ALL
      (SELECT ${SNAPSHOT}, s.listeners, NULL FROM ts.snapshot s WHERE ${before} ORDER BY s.at DESC LIMIT 1)
      UNION ALL
      (SELECT ${SNAPSHOT}, s.listeners, NULL FROM ts.snapshot_late s WHERE ${before})
      UNION ALL
      (SELECT true, h.namespace_id, date_part('epoch', h.hour) * 1000, 0, 0, 0, 0, 0, ''::bytea, ''::bytea, h.data FROM ts.snapshot_hour h
       WHERE h.shard = wanted.namespace_id >> 8 AND h.namespace_id = wanted.namespace_id AND ${hoursWithin(span)}
         AND h.first_at < to_timestamp(wanted.at / 1000)::timestamptz(3)
         AND h.last_listeners_at >= to_timestamp((wanted.at - ${withinMs}::float8) / 1000)::timestamptz(3)
         AND h.epochs @> ARRAY[wanted.epoch_id])
    ) p`;

  const found = new Map<string, ListenerSampleRecord[]>();
  const unpacking = new Unpacking();
  for (const { wanted_epoch, wanted_at, data, ...row } of rows) {
    const key = `${row.namespace_id} ${wanted_epoch} ${Math.round(wanted_at)}`;
    const { namespace_id } = row;
    const samples =
      data === null ? [row] : await unpacking.hour(namespace_id, row.at, () => samplesOf(namespace_id, data));
    const own = (samples ?? []).filter(
      ({ at, epoch_id }) => epoch_id === wanted_epoch && at < wanted_at && at >= wanted_at - withinMs,
    );
    const known = found.get(key);
    if (known === undefined) found.set(key, own);
    else known.push(...own);
  }
  unpacking.end();
  for (const [key, samples] of found) found.set(key, telling(samples));
  return found;
}

/** From the newest complete list on, each once, without what says nothing. */
function telling(found: readonly ListenerSampleRecord[]): ListenerSampleRecord[] {
  const samples = [...new Map(found.map((one) => [one.at, one])).values()].sort((a, b) => a.at - b.at);
  const complete = samples.findLastIndex(({ listeners }) => isComplete(listeners));
  return samples.slice(Math.max(0, complete)).filter(({ listeners }, index, { length }) => {
    return index === length - 1 || isComplete(listeners) || !isEmpty(listeners);
  });
}

/** The samples in a compacted hour. */
function samplesOf(namespaceId: number, data: Uint8Array): ListenerSampleRecord[] {
  return decodeHour(data).flatMap((one) =>
    one.listeners === null ? [] : { ...recordOf(namespaceId, one), listeners: one.listeners },
  );
}
