import type { Anomaly as AnomalyRow } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import type { Severity } from "./records.ts";

/** What names an anomaly: a detector finds one on a counter of a namespace that begins at a time. */
export interface AnomalyKey {
  readonly hostId: number;
  readonly namespaceId: number;
  readonly detector: string;
  /** Full name; null where it is not about one counter. */
  readonly counter: string | null;
  /** ms since 1970 */
  readonly startedAt: number;
}

/** An anomaly as a detector judges it. Its numbers are finite. */
export interface NewAnomaly extends AnomalyKey {
  readonly severity: Severity;
  /** Null while it lasts. */
  readonly endedAt: number | null;
  readonly value: number;
  /** The range that was expected; null at an end that is open. */
  readonly expectedLow: number | null;
  readonly expectedHigh: number | null;
  readonly score: number;
  /** A sentence with the numbers in it. */
  readonly explanation: string;
  /** The time of the newest data judged: what was judged by older data, or the same, changes nothing. */
  readonly judgedAt: number;
}

export interface AnomalyRecord extends NewAnomaly {
  readonly id: number;
  readonly incidentId: number | null;
  /** Grows with each change. */
  readonly revision: number;
}

/**
 * Keeps anomalies, each once: what is known of one is replaced by what newer data says. Safe to run twice, late,
 * and at the same time.
 *
 * @returns their ids, in the order given
 */
export async function recordAnomalies(tx: Db, anomalies: readonly NewAnomaly[]): Promise<number[]> {
  if (anomalies.length === 0) return [];
  // In the order of their key, so that two writers do not deadlock; and a key twice is its newest alone.
  const newest = new Map<string, NewAnomaly>();
  for (const one of [...anomalies].sort((a, b) => a.judgedAt - b.judgedAt)) newest.set(keyOf(one), one);
  const rows = [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  await tx.$executeRaw`
    INSERT INTO anomaly AS known (host_id, namespace_id, detector, counter, started_at, severity, ended_at, value,
                                  expected_low, expected_high, score, explanation, judged_at)
    SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows.map(columnsOf))}::jsonb) AS row(
      host_id int, namespace_id int, detector text, counter text, started_at timestamptz, severity severity,
      ended_at timestamptz, value float8, expected_low float8, expected_high float8, score float8,
      explanation text, judged_at timestamptz)
    ON CONFLICT (host_id, namespace_id, detector, counter, started_at) DO UPDATE SET
      severity = excluded.severity, ended_at = excluded.ended_at, value = excluded.value,
      expected_low = excluded.expected_low, expected_high = excluded.expected_high, score = excluded.score,
      explanation = excluded.explanation, judged_at = excluded.judged_at, revision = known.revision + 1
    WHERE known.judged_at < excluded.judged_at`;
  const ids = await idsOf(tx, rows);
  return anomalies.map((one) => ids.get(keyOf(one)) ?? 0);
}

/** Makes anomalies evidence of an incident; one that belongs to another stays with that. The same again changes nothing. */
export async function attachAnomalies(
  tx: Db,
  incidentId: number,
  anomalies: readonly { readonly hostId: number; readonly id: number }[],
): Promise<void> {
  await tx.$executeRaw`
    UPDATE anomaly SET incident_id = ${incidentId}::int, revision = revision + 1
    FROM unnest(${anomalies.map(({ hostId }) => hostId)}::int[],
                ${anomalies.map(({ id }) => id)}::bigint[]) AS one(host_id, id)
    WHERE anomaly.host_id = one.host_id AND anomaly.id = one.id AND anomaly.incident_id IS NULL`;
}

export function toAnomaly(row: AnomalyRow): AnomalyRecord {
  return {
    ...row,
    id: Number(row.id),
    counter: row.counter === "" ? null : row.counter,
    startedAt: row.startedAt.getTime(),
    endedAt: row.endedAt?.getTime() ?? null,
    judgedAt: row.judgedAt.getTime(),
  };
}

async function idsOf(tx: Db, keys: readonly AnomalyKey[]): Promise<Map<string, number>> {
  const rows = await tx.$queryRaw<(Omit<AnomalyKey, "startedAt"> & { id: bigint; startedAt: Date })[]>`
    SELECT a.id, a.host_id AS "hostId", a.namespace_id AS "namespaceId", a.detector,
           nullif(a.counter, '') AS counter, a.started_at AS "startedAt"
    FROM jsonb_to_recordset(${JSON.stringify(keys.map(columnsOfKey))}::jsonb) AS key(
      host_id int, namespace_id int, detector text, counter text, started_at timestamptz)
    JOIN anomaly a USING (host_id, namespace_id, detector, counter, started_at)`;
  return new Map(rows.map((row) => [keyOf({ ...row, startedAt: row.startedAt.getTime() }), Number(row.id)]));
}

function keyOf({ hostId, namespaceId, detector, counter, startedAt }: AnomalyKey): string {
  return JSON.stringify([hostId, namespaceId, detector, counter ?? "", startedAt]);
}

function columnsOfKey({ hostId, namespaceId, detector, counter, startedAt }: AnomalyKey) {
  return {
    host_id: hostId,
    namespace_id: namespaceId,
    detector,
    counter: counter ?? "",
    started_at: new Date(startedAt),
  };
}

function columnsOf(anomaly: NewAnomaly) {
  return {
    ...columnsOfKey(anomaly),
    severity: anomaly.severity,
    ended_at: anomaly.endedAt === null ? null : new Date(anomaly.endedAt),
    value: anomaly.value,
    expected_low: anomaly.expectedLow,
    expected_high: anomaly.expectedHigh,
    score: anomaly.score,
    explanation: anomaly.explanation,
    judged_at: new Date(anomaly.judgedAt),
  };
}
