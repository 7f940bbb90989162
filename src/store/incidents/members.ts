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
