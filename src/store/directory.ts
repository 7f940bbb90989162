import { stalenessMs } from "../rates/interval.ts";
import type { Db } from "./client.ts";
import type { Capability } from "./hosts.ts";

/** LEFT: the agent said goodbye. */
export type HostStatusName = "REPORTING" | "STALE" | "SILENT" | "LEFT";

/** A host with its facts and state, as queries see it. */
export interface HostRecord {
  readonly id: number;
  readonly agentId: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly firstSeen: Date;
  readonly lastSeen: Date | null;
  readonly status: HostStatusName;
  readonly everyMs: number | null;
  readonly agentVersion: string | null;
  readonly clockSkewMs: number | null;
  readonly bootId: string | null;
  readonly kernel: string | null;
  readonly capabilities: readonly Capability[];
  /** How the agent is doing, as it said last; null when it never has. */
  readonly health: Readonly<Record<string, unknown>> | null;
}

/** A namespace, the host that it belongs to, and the labels of its container: a root has none. */
export interface NamespaceOwner {
  readonly id: number;
  readonly hostId: number;
  readonly labels: Readonly<Record<string, string>>;
}

const NO_LABELS = {};

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

type Row = Omit<HostRecord, "status"> & { readonly leftAt: Date | null };

/** Every host, by name and id. */
export async function readHosts(db: Db, now: number): Promise<HostRecord[]> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT h.id, h.agent_id AS "agentId", h.name, h.labels, h.first_seen AS "firstSeen",
           s.last_seen AS "lastSeen", s.every_ms AS "everyMs", s.agent_version AS "agentVersion",
           s.clock_skew_ms AS "clockSkewMs", e.boot_id AS "bootId", e.kernel, h.capabilities, s.health,
           CASE s.goodbye WHEN 'leaving' THEN s.goodbye_at END AS "leftAt"
    FROM host h LEFT JOIN host_status s ON s.host_id = h.id LEFT JOIN epoch e ON e.id = s.epoch_id
    ORDER BY h.name, h.id`;
  return rows.map(({ leftAt, ...row }) => ({
    ...row,
    status: statusOf(row.lastSeen?.getTime() ?? null, row.everyMs, leftAt?.getTime() ?? null, now),
  }));
}

/** Every namespace with its host, by id. */
export async function readNamespaceOwners(db: Db): Promise<NamespaceOwner[]> {
  // Most have no labels, and an empty object for each costs more than all the rest of the row.
  const rows = await db.$queryRaw<{ id: number; hostId: number; labels: NamespaceOwner["labels"] | null }[]>`
    SELECT id, host_id AS "hostId", nullif(labels, '{}') AS labels FROM namespace ORDER BY id`;
  return rows.map((row) => ({ ...row, labels: row.labels ?? NO_LABELS }));
}
