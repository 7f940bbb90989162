import { SYSTEM_ACTOR } from "../audit.ts";
import type { Db } from "../client.ts";
import { changeIncident } from "./change.ts";
import { lockNewestOf } from "./lock.ts";
import { recordEntries } from "./timeline.ts";

/** What detection has judged: that an incident is explained by another, or no longer is. */
export interface Explanation {
  readonly dedupKey: string;
  /** The key of the incident that explains it; null when none does any more. */
  readonly by: string | null;
  /** The time of the newest data judged, ms since 1970. */
  readonly judgedAt: number;
}

/**
 * Keeps which incident explains that of a key, with its timeline and the outbox, in the caller's transaction. Safe to
 * run twice. Of an incident that was resolved it stays as it was.
 *
 * @param now ms since 1970
 * @returns the incident's id; null when nothing changed
 */
export async function setInhibition(tx: Db, explanation: Explanation, now: number): Promise<number | null> {
  const { dedupKey, by, judgedAt } = explanation;
  const newest = await lockNewestOf(tx, dedupKey);
  if (newest === null || newest.resolvedAt !== null) return null;
  const source =
    by === null
      ? null
      : await tx.incident.findFirst({
          where: { dedupKey: by },
          orderBy: { id: "desc" },
          select: { id: true, title: true },
        });
  const inhibitedBy = source?.id ?? null;
  if (inhibitedBy === newest.inhibitedBy) return null;
  await changeIncident(tx, newest.id, { inhibitedBy }, now);
  const kind = source === null ? "RELEASED" : "INHIBITED";
  const text = source === null ? "nothing explains it any more" : `explained by: ${source.title}`;
  const entry = { at: judgedAt, actor: SYSTEM_ACTOR.name, kind, text, key: `${kind} ${judgedAt}` } as const;
  await recordEntries(tx, newest.id, [entry], now);
  return newest.id;
}
