import { type Incident as IncidentRow, Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { instant } from "../history/sources.ts";
import type { LabelMatcher } from "../host-filter.ts";
import type { Range } from "../queries/range.ts";
import { labelTests } from "./label-tests.ts";
import {
  type Cause,
  type IncidentRecord,
  type IncidentStatus,
  type Severity,
  toIncident,
} from "./records.ts";

/** Incidents that meet every condition given. */
export interface IncidentQuery {
  readonly status?: readonly IncidentStatus[] | null;
  readonly severity?: readonly Severity[] | null;
  readonly cause?: readonly Cause[] | null;
  readonly labels?: readonly LabelMatcher[] | null;
  /** It is or was about a host that has one of these ids, or had this name. */
  readonly host?: { readonly ids: readonly number[]; readonly name: string | null } | null;
  /** ms since 1970 */
  readonly updatedSince?: number | null;
  /** It was not resolved at some time of the range. */
  readonly range?: Range | null;
}

/** The place of a row in a list that is ordered by when its rows began, newest first. It never changes. */
export interface Place {
  /** ms since 1970 */
  readonly startedAt: number;
  readonly id: number;
}

export interface PageAsked {
  /** The last row seen; null for the first page. */
  readonly after: Place | null;
  readonly limit: number;
}

/**
 * A page of incidents, newest first. Pages that follow each other hold every incident once, whatever is opened or
 * changed meanwhile: what is new is before the first.
 *
 * @throws BAD_REQUEST as `labelTests`
 */
export async function readIncidents(
  db: Db,
  query: IncidentQuery,
  { after, limit }: PageAsked,
): Promise<IncidentRecord[]> {
  const { status, severity, cause, labels, host, updatedSince, range } = query;
  const tests = [Prisma.sql`TRUE`];
  if (status != null) tests.push(Prisma.sql`i.status = ANY(${[...status]}::incident_status[])`);
  if (severity != null) tests.push(Prisma.sql`i.severity = ANY(${[...severity]}::severity[])`);
  if (cause != null) tests.push(Prisma.sql`i.cause = ANY(${[...cause]}::cause[])`);
  if (updatedSince != null) tests.push(Prisma.sql`i.updated_at >= ${instant(updatedSince)}`);
  if (range != null) {
    tests.push(Prisma.sql`i.started_at < ${instant(range.to)}
      AND (i.resolved_at IS NULL OR i.resolved_at >= ${instant(range.from)})`);
  }
  if (host != null) {
    tests.push(Prisma.sql`EXISTS (
      SELECT FROM incident_host m
      WHERE m.incident_id = i.id
        AND (m.host_id = ANY(${[...host.ids]}::int[]) OR m.host_name = ${host.name}::text))`);
  }
  if (labels != null) tests.push(...(await labelTests(db, labels)));
  if (after !== null) {
    tests.push(Prisma.sql`(i.started_at, i.id) < (${instant(after.startedAt)}, ${after.id}::bigint)`);
  }
  const rows = await db.$queryRaw<IncidentRow[]>`
    SELECT i.id, i.dedup_key AS "dedupKey", i.status, i.severity, i.urgency, i.cause, i.title, i.labels, i.flapping,
           i.started_at AS "startedAt", i.updated_at AS "updatedAt", i.judged_at AS "judgedAt",
           i.acknowledged_at AS "acknowledgedAt", i.acknowledged_by AS "acknowledgedBy",
           i.resolved_at AS "resolvedAt", i.loss_share AS "lossShare", i.loss_low AS "lossLow",
           i.loss_high AS "lossHigh", i.diagnosis,
           i.inhibited_by AS "inhibitedBy", i.useful, i.revision
    FROM incident i WHERE ${Prisma.join(tests, " AND ")}
    ORDER BY i.started_at DESC, i.id DESC LIMIT ${limit}::int`;
  return rows.map(toIncident);
}

/** Incidents by their ids, in no order; those that there are. */
export async function incidentsById(db: Db, ids: readonly number[]): Promise<IncidentRecord[]> {
  const rows = await db.incident.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toIncident);
}

/** The keys of all incidents that are not resolved, in order. */
export async function openKeys(db: Db): Promise<string[]> {
  const rows = await db.incident.findMany({
    where: { resolvedAt: null },
    select: { dedupKey: true },
    orderBy: { dedupKey: "asc" },
  });
  return rows.map(({ dedupKey }) => dedupKey);
}
