import { type Anomaly as AnomalyRow, Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { instant } from "../history/sources.ts";
import type { Range } from "../queries/range.ts";
import { type AnomalyRecord, toAnomaly } from "./anomalies.ts";
import type { PageAsked } from "./incident-pages.ts";
import type { Severity } from "./records.ts";

/** Anomalies that meet every condition given. */
export interface AnomalyQuery {
  readonly severity?: readonly Severity[] | null;
  readonly detector?: readonly string[] | null;
  /** Full name. */
  readonly counter?: string | null;
  readonly hostIds?: readonly number[] | null;
  readonly namespaceIds?: readonly number[] | null;
  /** Whether it still lasts. */
  readonly open?: boolean | null;
  /** It lasted at some time of the range. */
  readonly range?: Range | null;
}

/** A page of the anomalies of hosts that there are, newest first, as `readIncidents` pages. */
export async function readAnomalies(db: Db, query: AnomalyQuery, page: PageAsked): Promise<AnomalyRecord[]> {
  const rows = await db.$queryRaw<AnomalyRow[]>`
    SELECT ${COLUMNS} FROM anomaly a WHERE ${conditions(query, page)}
    ORDER BY a.started_at DESC, a.id DESC LIMIT ${page.limit}::int`;
  return rows.map(toAnomaly);
}

/** The same page of the anomalies of each of several hosts or incidents, by its id; one without any is not in it. */
export async function readAnomaliesBy(
  db: Db,
  parent: "hostId" | "incidentId",
  ids: readonly number[],
  query: AnomalyQuery,
  page: PageAsked,
): Promise<Map<number, AnomalyRecord[]>> {
  const column = parent === "hostId" ? Prisma.sql`a.host_id` : Prisma.sql`a.incident_id`;
  // Numbered, and not a lateral join for each: that one cannot be distributed.
  const rows = await db.$queryRaw<AnomalyRow[]>`
    SELECT * FROM (
      SELECT ${COLUMNS}, row_number() OVER (PARTITION BY ${column} ORDER BY a.started_at DESC, a.id DESC) AS place
      FROM anomaly a WHERE ${column} = ANY(${[...ids]}::int[]) AND ${conditions(query, page)}
    ) numbered
    WHERE place <= ${page.limit}::int ORDER BY "startedAt" DESC, id DESC`;
  const found = new Map<number, AnomalyRecord[]>();
  for (const row of rows) {
    const id = row[parent] ?? 0;
    const own = found.get(id) ?? [];
    own.push(toAnomaly(row));
    found.set(id, own);
  }
  return found;
}

/** What an anomaly is found by: the key that it is distributed by comes first. */
export interface AnomalyId {
  readonly hostId: number;
  readonly id: number;
}

/** Anomalies by their ids, in no order; those that there are. */
export async function anomaliesById(db: Db, ids: readonly AnomalyId[]): Promise<AnomalyRecord[]> {
  const rows = await db.$queryRaw<AnomalyRow[]>`
    SELECT ${COLUMNS} FROM anomaly a
    JOIN unnest(${ids.map(({ hostId }) => hostId)}::int[],
                ${ids.map(({ id }) => id)}::bigint[]) AS one(host_id, id)
      ON a.host_id = one.host_id AND a.id = one.id`;
  return rows.map(toAnomaly);
}

const COLUMNS = Prisma.sql`
  a.id, a.host_id AS "hostId", a.namespace_id AS "namespaceId", a.counter, a.detector, a.severity,
  a.started_at AS "startedAt", a.ended_at AS "endedAt", a.value, a.expected_low AS "expectedLow",
  a.expected_high AS "expectedHigh", a.score, a.explanation, a.incident_id AS "incidentId",
  a.judged_at AS "judgedAt", a.revision`;

function conditions(query: AnomalyQuery, { after }: PageAsked): Prisma.Sql {
  const { severity, detector, counter, hostIds, namespaceIds, open, range } = query;
  const tests = [Prisma.sql`a.host_id IN (SELECT id FROM host)`];
  if (severity != null) tests.push(Prisma.sql`a.severity = ANY(${[...severity]}::severity[])`);
  if (detector != null) tests.push(Prisma.sql`a.detector = ANY(${[...detector]}::text[])`);
  if (counter != null) tests.push(Prisma.sql`a.counter = ${counter}`);
  if (hostIds != null) tests.push(Prisma.sql`a.host_id = ANY(${[...hostIds]}::int[])`);
  if (namespaceIds != null) tests.push(Prisma.sql`a.namespace_id = ANY(${[...namespaceIds]}::int[])`);
  if (open != null) tests.push(open ? Prisma.sql`a.ended_at IS NULL` : Prisma.sql`a.ended_at IS NOT NULL`);
  if (range != null) {
    tests.push(Prisma.sql`a.started_at < ${instant(range.to)}
      AND (a.ended_at IS NULL OR a.ended_at >= ${instant(range.from)})`);
  }
  if (after !== null) {
    tests.push(Prisma.sql`(a.started_at, a.id) < (${instant(after.startedAt)}, ${after.id}::bigint)`);
  }
  return Prisma.join(tests, " AND ");
}
