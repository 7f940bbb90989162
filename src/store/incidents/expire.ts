import type { Db } from "../client.ts";
import { type ExpiredRows, inBatches, ROWS_PER_STATEMENT } from "../retention/in-batches.ts";
import type { Retention } from "../retention/policy.ts";

/** What could not be sent for so long is about nothing that people still wait to hear of. */
const OUTBOX_MS = 7 * 86_400_000;

/**
 * Deletes what is past its retention, in bounded statements as `expireRows` does. Anomalies stay as long as the
 * minutes that show them, or as the incident that they belong to; incidents with all that is theirs, deliveries and
 * silences as long as hours after they ended.
 *
 * @param now ms since 1970
 */
export async function expireIncidents(db: Db, retention: Retention, now: number): Promise<ExpiredRows> {
  const minutesFrom = new Date(now - retention.minuteMs);
  const hoursFrom = new Date(now - retention.hourMs);
  const unsentFrom = new Date(now - OUTBOX_MS);
  return {
    incident: await inBatches(
      () => db.$executeRaw`
        DELETE FROM incident WHERE id IN (
          SELECT id FROM incident WHERE resolved_at < ${hoursFrom} LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    // After the incidents: those that were the evidence of one that has just gone go with it.
    anomaly: await inBatches(
      () => db.$executeRaw`
        DELETE FROM anomaly WHERE (host_id, id) IN (
          SELECT a.host_id, a.id FROM anomaly a
          WHERE a.started_at < ${minutesFrom} AND a.judged_at < ${minutesFrom}
            AND NOT EXISTS (SELECT FROM incident i WHERE i.id = a.incident_id)
          LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    notification_outbox: await inBatches(
      () => db.$executeRaw`
        DELETE FROM notification_outbox WHERE id IN (
          SELECT id FROM notification_outbox WHERE at < ${unsentFrom} LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    notification_group: await inBatches(
      () => db.$executeRaw`
        DELETE FROM notification_group WHERE id IN (
          SELECT id FROM notification_group WHERE due_at < ${unsentFrom} LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    delivery: await inBatches(
      () => db.$executeRaw`
        DELETE FROM delivery WHERE id IN (
          SELECT id FROM delivery WHERE created_at < ${hoursFrom} LIMIT ${ROWS_PER_STATEMENT})`,
    ),
    silence: await inBatches(
      () => db.$executeRaw`
        DELETE FROM silence WHERE id IN (
          SELECT id FROM silence WHERE ends_at < ${hoursFrom} OR expired_at < ${hoursFrom}
          LIMIT ${ROWS_PER_STATEMENT})`,
    ),
  };
}
