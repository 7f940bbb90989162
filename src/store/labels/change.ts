import type { Host, Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { effectiveLabels, type LabelSources, type Labels, sameLabels } from "./effective.ts";

/** The label columns of a row of `host`. */
export type HostLabelColumns = Pick<Host, "labels" | "setLabels" | "forcedLabels" | "fileLabels">;

export function sourcesOf(host: HostLabelColumns): LabelSources {
  return {
    set: host.setLabels as Labels,
    forced: host.forcedLabels as Labels,
    file: host.fileLabels as Labels,
    agent: host.labels as Labels,
  };
}

/** The label columns for these sources. */
export function columnsOf(sources: LabelSources) {
  return {
    labels: { ...sources.agent },
    setLabels: { ...sources.set },
    forcedLabels: { ...sources.forced },
    fileLabels: { ...sources.file },
  } satisfies Prisma.HostUpdateManyMutationInput;
}

/** The row of a host, which is the caller's alone until its transaction ends; null when there is none. */
export async function lockHost(tx: Prisma.TransactionClient, hostId: number): Promise<Host | null> {
  await tx.$queryRaw`SELECT id FROM host WHERE id = ${hostId} FOR UPDATE`;
  return tx.host.findUnique({ where: { id: hostId } });
}

/** A change of what a host's labels are made of. */
export interface LabelChange {
  readonly hostId: number;
  readonly before: LabelSources;
  readonly after: LabelSources;
}

/**
 * Keeps the time from which the new labels hold, for each host whose effective labels changed. Called in the
 * transaction that changes their source, with the host's row locked.
 *
 * History only grows at its end: a change that claims an earlier time than the newest row takes effect right
 * after it, so what was said of the time before stays said.
 *
 * @param since ms since 1970
 */
export async function recordLabels(db: Db, changes: readonly LabelChange[], since: number): Promise<void> {
  const changed = changes
    .map(({ hostId, before, after }) => ({
      hostId,
      old: effectiveLabels(before),
      labels: effectiveLabels(after),
    }))
    .filter(({ old, labels }) => !sameLabels(old, labels));
  if (changed.length === 0) return;
  await db.$executeRaw`
    INSERT INTO host_label_history (host_id, since, labels)
    SELECT row.host_id,
           greatest(to_timestamp(${since / 1000}::float8),
                    (SELECT max(h.since) + interval '1 millisecond' FROM host_label_history h
                     WHERE h.host_id = row.host_id)),
           row.labels::jsonb
    FROM unnest(${changed.map(({ hostId }) => hostId)}::int[],
                ${changed.map(({ labels }) => JSON.stringify(labels))}::text[]) AS row(host_id, labels)`;
}
