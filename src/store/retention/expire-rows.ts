import type { Db } from "../client.ts";
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
