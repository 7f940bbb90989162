import type { Db } from "../client.ts";
import { ALL_NAMESPACES } from "../rollup/set-aside.ts";
import { type ExpiredRows, inBatches, ROWS_PER_STATEMENT } from "./in-batches.ts";
import { listPartitions } from "./partition-list.ts";
import type { Retention } from "./policy.ts";

/** The audit log is kept so long, and tokens that have ended, which it names: a year and a month. */
const AUDIT_MS = 400 * 86_400_000;

/**
 * Deletes the rows of small tables that nothing needs any more, a bounded number in each statement, and those of
 * one statement by their keys (a distributed table has no other way). What is left is for the next run.
 *
 * @param now ms since 1970
 */
export async function expireRows(db: Db, retention: Retention, now: number): Promise<ExpiredRows> {
  const expired = new Date(now);
  const auditFrom = new Date(now - AUDIT_MS);
  const minutesFrom = new Date(now - retention.minuteMs);
  const hoursFrom = new Date(now - retention.hourMs);
  const rawFrom = new Date(now - retention.rawMs);
  const compactedFrom = new Date(await firstCompactedHour(db, now - retention.rawMs));
  return {
    session: await inBatches(
      () => db.$executeRaw`
        DELETE FROM session WHERE hash IN (
          SELECT hash FROM session WHERE expires_at <= ${expired} LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    sign_in_link: await inBatches(
      () => db.$executeRaw`
        DELETE FROM sign_in_link WHERE hash IN (
          SELECT hash FROM sign_in_link WHERE expires_at <= ${expired} LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    token: await inBatches(
      () => db.$executeRaw`
        DELETE FROM token WHERE id IN (
          SELECT id FROM token WHERE expires_at <= ${auditFrom} OR revoked_at <= ${auditFrom}
          LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    audit_entry: await inBatches(
      () => db.$executeRaw`
        DELETE FROM audit_entry WHERE id IN (
          SELECT id FROM audit_entry WHERE at <= ${auditFrom} LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    // As long as a minute of it may be there, a listener can be asked for.
    listener: await inBatches(
      () => db.$executeRaw`
        DELETE FROM listener WHERE id IN (
          SELECT id FROM listener WHERE last_seen < ${minutesFrom} LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    event: await inBatches(
      () => db.$executeRaw`
        DELETE FROM event WHERE id IN (
          SELECT id FROM event WHERE at < ${hoursFrom} AND coalesce(until, at) < ${hoursFrom}
          LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    // Labels of a time of which nothing is left: those that a later row, as old as that, has replaced.
    host_label_history: await inBatches(
      () => db.$executeRaw`
        DELETE FROM host_label_history WHERE (host_id, since) IN (
          SELECT h.host_id, h.since FROM host_label_history h
          WHERE h.since < ${hoursFrom} AND EXISTS (
            SELECT FROM host_label_history later
            WHERE later.host_id = h.host_id AND later.since > h.since AND later.since <= ${hoursFrom})
          LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    // What was set aside and never restored: an hour of which the minutes may go is not made any more ...
    hour_mark: await inBatches(
      () => db.$executeRaw`
        DELETE FROM ts.hour_mark WHERE (shard, id) IN (
          SELECT m.shard, m.id FROM ts.hour_mark m
          JOIN ts.set_aside a ON a.shard = m.shard AND a.namespace_id = ${ALL_NAMESPACES} AND a.hour = m.hour
          WHERE m.hour < ${minutesFrom} LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    // ... nor is a minute of which the snapshots may.
    set_aside: await inBatches(
      () => db.$executeRaw`
        DELETE FROM ts.set_aside WHERE (shard, namespace_id, hour) IN (
          SELECT shard, namespace_id, hour FROM ts.set_aside
          WHERE hour < CASE WHEN namespace_id = ${ALL_NAMESPACES} THEN ${minutesFrom}::timestamptz ELSE ${rawFrom}::timestamptz END
          LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    compaction: await inBatches(
      () => db.$executeRaw`
        DELETE FROM ts.compaction WHERE (hour, shard) IN (
          SELECT hour, shard FROM ts.compaction WHERE hour < ${compactedFrom} LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    compacted_hour: await inBatches(
      () => db.$executeRaw`
        DELETE FROM ts.compacted_hour WHERE hour IN (
          SELECT hour FROM ts.compacted_hour WHERE hour < ${compactedFrom} LIMIT ${ROWS_PER_STATEMENT})`,
    ),
  };
}

/**
 * The first hour whose rows may be there: past its retention, an hour is named until its partitions are gone. One
 * that is sealed and forgotten could be neither compacted nor sealed again.
 */
async function firstCompactedHour(db: Db, expiredBefore: number): Promise<number> {
  const lowers = (await listPartitions(db))
    .filter(({ table }) => table === "snapshot_hour" || table === "snapshot")
    .map(({ lower }) => lower);
  return Math.min(expiredBefore, ...lowers);
}
