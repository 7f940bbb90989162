import { stalenessMs } from "../rates/interval.ts";
import type { Db } from "./client.ts";
import type { Capability } from "./hosts.ts";
import { type HostLabelColumns, sourcesOf } from "./labels/change.ts";
import { effectiveLabels, type Labels } from "./labels/effective.ts";

/** LEFT: the agent said goodbye. */
export type HostStatusName = "REPORTING" | "STALE" | "SILENT" | "LEFT";

/** What hardly ever changes of a host; `revision` grows when it does. */
export interface HostFactsRecord {
  readonly id: number;
  readonly revision: number;
  readonly agentId: string;
  readonly name: string;
  /** The effective ones (labels/effective.ts). */
  readonly labels: Labels;
  readonly firstSeen: Date;
  readonly capabilities: readonly Capability[];
}

/** What changes with every push of a host. */
export interface HostState {
  readonly lastSeen: Date | null;
  readonly status: HostStatusName;
  readonly everyMs: number | null;
  readonly agentVersion: string | null;
  readonly clockSkewMs: number | null;
  readonly bootId: string | null;
  readonly kernel: string | null;
  /** How the agent is doing, as it said last; null when it never has. */
  readonly health: Readonly<Record<string, unknown>> | null;
}

/** A host with its facts and state, as queries see it. */
export type HostRecord = HostFactsRecord & HostState;

/** A namespace and the host that it belongs to. */
export interface NamespaceOwner {
  readonly namespaceId: number;
  readonly hostId: number;
}

const SILENT_FLOOR_MS = 90_000;

/**
 * What a host that was last heard of so long ago is called: stale after 2.5 intervals, silent at three times
 * that; left when its agent said so and has not been heard of since.
 *
 * @param leftAt when the agent said that it leaves; times in ms since 1970
 */
export function statusOf(
  lastSeen: number | null,
  everyMs: number | null,
  leftAt: number | null,
  now: number,
): HostStatusName {
  if (lastSeen === null || everyMs === null) return "SILENT";
  if (leftAt !== null && leftAt >= lastSeen) return "LEFT";
  const age = now - lastSeen;
  const stale = stalenessMs(everyMs);
  if (age <= stale) return "REPORTING";
  return age <= Math.max(SILENT_FLOOR_MS, 3 * stale) ? "STALE" : "SILENT";
}

type StateRow = readonly [
  id: number,
  revision: number,
  lastSeen: number | null,
  everyMs: number | null,
  agentVersion: string | null,
  clockSkewMs: number | null,
  bootId: string | null,
  kernel: string | null,
  health: Readonly<Record<string, unknown>> | null,
  leftAt: number | null,
];

/** The state of every host by its id, with the revision that its facts have now. */
export async function readHostStates(
  db: Db,
  now: number,
): Promise<Map<number, HostState & { readonly revision: number }>> {
  // One text and not a row for each host: this is read each second, and the client spends most of the time of
  // a wide answer on its cells.
  const [answer] = await db.$queryRaw<{ rows: string | null }[]>`
    SELECT json_agg(json_build_array(
             h.id, h.revision, date_part('epoch', s.last_seen) * 1000, s.every_ms, s.agent_version,
             s.clock_skew_ms, e.boot_id, e.kernel, s.health,
             CASE s.goodbye WHEN 'leaving' THEN date_part('epoch', s.goodbye_at) * 1000 END))::text AS rows
    FROM host h LEFT JOIN host_status s ON s.host_id = h.id LEFT JOIN epoch e ON e.id = s.epoch_id`;
  const rows = JSON.parse(answer?.rows ?? "[]") as StateRow[];
  return new Map(
    rows.map(([id, revision, last, everyMs, agentVersion, clockSkewMs, bootId, kernel, health, left]) => {
      const lastSeen = last === null ? null : Math.round(last);
      const status = statusOf(lastSeen, everyMs, left === null ? null : Math.round(left), now);
      const seen = lastSeen === null ? null : new Date(lastSeen);
      return [
        id,
        { revision, lastSeen: seen, status, everyMs, agentVersion, clockSkewMs, bootId, kernel, health },
      ];
    }),
  );
}

/** The facts of hosts. */
export async function readHostFacts(db: Db, ids: readonly number[]): Promise<HostFactsRecord[]> {
  type Row = Omit<HostFactsRecord, "labels"> & HostLabelColumns;
  const rows = await db.$queryRaw<Row[]>`
    SELECT id, revision, agent_id AS "agentId", name, labels, set_labels AS "setLabels",
           forced_labels AS "forcedLabels", file_labels AS "fileLabels", first_seen AS "firstSeen", capabilities
    FROM host WHERE id = ANY(${[...ids]}::int[])`;
  return rows.map((row) => ({
    id: row.id,
    revision: row.revision,
    agentId: row.agentId,
    name: row.name,
    labels: effectiveLabels(sourcesOf(row)),
    firstSeen: row.firstSeen,
    capabilities: row.capabilities,
  }));
}

/** Ids of namespaces of containers begin here; those of roots lie below (the sequences of the migrations). */
export const FIRST_OTHER_NAMESPACE = 1_073_741_824;

/** Namespaces with their hosts: of roots those with an id above the one, of others above the other. */
export function readNamespaceOwners(
  db: Db,
  above: { readonly root: number; readonly other: number },
): Promise<NamespaceOwner[]> {
  return db.$queryRaw<NamespaceOwner[]>`
    SELECT id AS "namespaceId", host_id AS "hostId" FROM namespace
    WHERE id > ${above.root} AND id < ${FIRST_OTHER_NAMESPACE}::int
    UNION ALL
    SELECT id, host_id FROM namespace WHERE id > ${above.other} AND id >= ${FIRST_OTHER_NAMESPACE}::int`;
}
