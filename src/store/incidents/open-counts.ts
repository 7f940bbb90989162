import type { Db } from "../client.ts";
import type { Cause, Severity } from "./records.ts";

export interface OpenCount {
  /** Of the label; empty where an incident lacks it. */
  readonly value: string;
  readonly severity: Severity;
  readonly cause: Cause;
  readonly count: number;
}

/** How many incidents are not resolved, by a label of theirs, severity and cause; by the index of the unresolved. */
export function openIncidentCounts(db: Db, label: string): Promise<OpenCount[]> {
  return db.$queryRaw<OpenCount[]>`
    SELECT coalesce(labels ->> ${label}::text, '') AS value, severity::text, cause::text, count(*)::int AS count
    FROM incident WHERE resolved_at IS NULL
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;
}
