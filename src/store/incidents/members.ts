import type { Db } from "../client.ts";

/** A host that an incident is about. */
export interface IncidentMember {
  readonly hostId: number;
  readonly hostName: string;
}

/** Names of the hosts, in their order, that a change of members was about. */
export interface MemberChange {
  readonly joined: readonly string[];
  readonly left: readonly string[];
}

/**
 * Makes these the hosts that the incident is about: one that is new joins, one that was affected and is not among
 * them has left, one that comes back has not. Called with the incident's row locked; the same again changes nothing.
 *
 * @param at ms since 1970
 */
export async function setMembers(
  tx: Db,
  incidentId: number,
  members: readonly IncidentMember[],
  at: number,
): Promise<MemberChange> {
  const ids = members.map(({ hostId }) => hostId);
  const joined = await tx.$queryRaw<{ name: string }[]>`
    INSERT INTO incident_host AS member (incident_id, host_id, host_name, joined_at)
    SELECT ${incidentId}::int, row.host_id, row.host_name, to_timestamp(${at / 1000}::float8)
    FROM unnest(${ids}::int[], ${members.map(({ hostName }) => hostName)}::text[]) AS row(host_id, host_name)
    ON CONFLICT (incident_id, host_id) DO UPDATE SET left_at = NULL, host_name = excluded.host_name
    WHERE member.left_at IS NOT NULL
    RETURNING host_name AS name`;
  const left = await tx.$queryRaw<{ name: string }[]>`
    UPDATE incident_host SET left_at = to_timestamp(${at / 1000}::float8)
    WHERE incident_id = ${incidentId}::int AND left_at IS NULL AND host_id <> ALL(${ids}::int[])
    RETURNING host_name AS name`;
  return { joined: namesOf(joined), left: namesOf(left) };
}

function namesOf(rows: readonly { readonly name: string }[]): string[] {
  return rows.map(({ name }) => name).sort();
}

/** Hosts of an incident, as far as they are named. */
export interface AffectedHosts {
  /** Those that are affected; of one that is over, those that were. */
  readonly count: number;
  /** Those still affected first, then by name. */
  readonly named: readonly IncidentMember[];
}

/** The hosts of incidents, by the incident's id; of each so many named. */
export async function affectedHosts(
  db: Db,
  incidentIds: readonly number[],
  named: number,
): Promise<Map<number, AffectedHosts>> {
  const rows = await db.$queryRaw<
    { incidentId: number; now: bigint; ever: bigint; ids: number[]; names: string[] }[]
  >`
    SELECT incident_id AS "incidentId", count(*) FILTER (WHERE left_at IS NULL) AS now, count(*) AS ever,
           (array_agg(host_id ORDER BY left_at IS NOT NULL, host_name, host_id))[1:${named}::int] AS ids,
           (array_agg(host_name ORDER BY left_at IS NOT NULL, host_name, host_id))[1:${named}::int] AS names
    FROM incident_host WHERE incident_id = ANY(${[...incidentIds]}::int[]) GROUP BY incident_id`;
  return new Map(
    rows.map(({ incidentId, now, ever, ids, names }) => [
      incidentId,
      {
        count: Number(now) || Number(ever),
        named: ids.map((hostId, index) => ({ hostId, hostName: names[index] ?? "" })),
      },
    ]),
  );
}
