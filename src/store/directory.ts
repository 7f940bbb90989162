import { stalenessMs } from "../rates/interval.ts";
import type { Db } from "./client.ts";
import type { Capability } from "./hosts.ts";
import { type HostLabelColumns, sourcesOf } from "./labels/change.ts";
import { effectiveLabels, type Labels } from "./labels/effective.ts";

/** LEFT: the agent said goodbye. */
export type HostStatusName = "REPORTING" | "STALE" | "SILENT" | "LEFT";

/** A host with its facts and state. */
export interface HostDetail {
  readonly id: number;
  /** Grows with each change of the facts: name, labels, capabilities. */
  readonly revision: number;
  readonly agentId: string;
  readonly name: string;
  /** The effective ones (labels/effective.ts). */
  readonly labels: Labels;
  readonly firstSeen: Date;
  readonly lastSeen: Date | null;
  /** When its agent said that it leaves; null when it did not. */
  readonly leftAt: Date | null;
  readonly everyMs: number | null;
  readonly agentVersion: string | null;
  readonly clockSkewMs: number | null;
  readonly bootId: string | null;
  readonly kernel: string | null;
  readonly capabilities: readonly Capability[];
  /** How the agent is doing, as it said last; null when it never has. */
  readonly health: Readonly<Record<string, unknown>> | null;
}

/** A host as queries see it, at one moment. */
export interface HostRecord extends HostDetail {
  readonly status: HostStatusName;
}

/** A namespace, the host that it belongs to, and the labels of its container: a root has none. */
export interface NamespaceOwner {
  readonly id: number;
  readonly hostId: number;
  readonly labels: Labels;
}

const NO_LABELS: Labels = {};

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

/**
 * A short text for each host by its id, another one whenever anything of it that is shown has changed.
 *
 * One text for all of them and not a row each: this is read each second, and most of the time of a long answer
 * goes into its cells.
 */
export async function readHostMarks(db: Db): Promise<Map<number, string>> {
  const [answer] = await db.$queryRaw<{ marks: string | null }[]>`
    SELECT string_agg(
             concat_ws(' ', h.id, h.revision, coalesce(date_part('epoch', s.last_seen), 0),
                       coalesce(date_part('epoch', s.goodbye_at), 0)), ',') AS marks
    FROM host h LEFT JOIN host_status s ON s.host_id = h.id`;
  const marks = answer?.marks?.split(",") ?? [];
  return new Map(marks.map((mark) => [Number.parseInt(mark, 10), mark]));
}

/** Hosts by their ids, in no order; those that there are. */
export async function readHostDetails(db: Db, ids: readonly number[]): Promise<HostDetail[]> {
  type Row = Omit<HostDetail, "labels"> & HostLabelColumns;
  const rows = await db.$queryRaw<Row[]>`
    SELECT h.id, h.revision, h.agent_id AS "agentId", h.name, h.labels, h.set_labels AS "setLabels",
           h.forced_labels AS "forcedLabels", h.file_labels AS "fileLabels", h.first_seen AS "firstSeen",
           s.last_seen AS "lastSeen", s.every_ms AS "everyMs", s.agent_version AS "agentVersion",
           s.clock_skew_ms AS "clockSkewMs", e.boot_id AS "bootId", e.kernel, h.capabilities, s.health,
           CASE s.goodbye WHEN 'leaving' THEN s.goodbye_at END AS "leftAt"
    FROM host h LEFT JOIN host_status s ON s.host_id = h.id LEFT JOIN epoch e ON e.id = s.epoch_id
    WHERE h.id = ANY(${[...ids]}::int[])`;
  return rows.map(({ setLabels, forcedLabels, fileLabels, ...row }) => ({
    ...row,
    labels: effectiveLabels(sourcesOf({ labels: row.labels, setLabels, forcedLabels, fileLabels })),
  }));
}

/** Ids of namespaces of containers begin here; those of roots lie below (the sequences of the migrations). */
export const FIRST_OTHER_NAMESPACE = 1_073_741_824;

/** Whether a namespace is a host's root, by its id alone. */
export function isRoot(namespaceId: number): boolean {
  return namespaceId < FIRST_OTHER_NAMESPACE;
}

/** Namespaces with their hosts, by id: of roots those with an id above the one, of others above the other. */
export async function readNamespaceOwners(
  db: Db,
  above: { readonly root: number; readonly other: number },
): Promise<NamespaceOwner[]> {
  // Most have no labels, and an empty object for each costs more than all the rest of the row.
  const rows = await db.$queryRaw<{ id: number; hostId: number; labels: Labels | null }[]>`
    SELECT id, host_id AS "hostId", nullif(labels, '{}') AS labels FROM namespace
    WHERE id > ${above.root} AND id < ${FIRST_OTHER_NAMESPACE}::int
    UNION ALL
    SELECT id, host_id, nullif(labels, '{}') FROM namespace
    WHERE id > ${above.other} AND id >= ${FIRST_OTHER_NAMESPACE}::int
    ORDER BY id`;
  return rows.map((row) => ({ ...row, labels: row.labels ?? NO_LABELS }));
}
