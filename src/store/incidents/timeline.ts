import type { TimelineEntry as EntryRow } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import type { TimelineKind } from "./records.ts";

export interface NewEntry {
  /** ms since 1970 */
  readonly at: number;
  /** The token's or the person's name, or "spillway". */
  readonly actor: string;
  readonly kind: TimelineKind;
  readonly text: string;
  /** What makes it the same entry when a job says it again; null for what a person says. */
  readonly key: string | null;
}

export interface TimelineRecord {
  readonly id: number;
  readonly incidentId: number;
  readonly at: number;
  readonly actor: string;
  readonly kind: TimelineKind;
  readonly text: string;
}

/**
 * Writes entries into the timeline of an incident, and each into the outbox for whoever sends notifications. Give
 * it the transaction that makes the change, so that there is never the one without the other. An entry whose key
 * the timeline has already is left out of both.
 *
 * @param now ms since 1970: when it was decided, where `at` is the time of the data
 */
export async function recordEntries(
  tx: Db,
  incidentId: number,
  entries: readonly NewEntry[],
  now: number,
): Promise<void> {
  if (entries.length === 0) return;
  const written = await tx.timelineEntry.createManyAndReturn({
    data: entries.map((entry) => ({ ...entry, incidentId, at: new Date(entry.at) })),
    skipDuplicates: true,
    select: { id: true },
  });
  await tx.notificationOutbox.createMany({
    data: written.map(({ id }) => ({ entryId: id, at: new Date(now) })),
  });
}

export async function findEntry(db: Db, id: number): Promise<TimelineRecord | null> {
  const row = await db.timelineEntry.findUnique({ where: { id } });
  return row === null ? null : toEntry(row);
}

export function toEntry({ key: _key, ...row }: EntryRow): TimelineRecord {
  return { ...row, id: Number(row.id), at: row.at.getTime() };
}
