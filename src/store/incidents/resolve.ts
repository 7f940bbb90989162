import { SYSTEM_ACTOR } from "../audit.ts";
import type { Db } from "../client.ts";
import { lockNewestOf } from "./lock.ts";
import { setMembers } from "./members.ts";
import { recordEntries } from "./timeline.ts";

/** What detection has judged: that it is over. */
export interface Recovery {
  readonly dedupKey: string;
  /** The time of the newest data judged, ms since 1970. */
  readonly judgedAt: number;
  /** By what it is over, as a sentence. */
  readonly text: string;
}

/**
 * Resolves the incident of a key, with its timeline and the outbox, in the caller's transaction. Safe to run twice,
 * late, and at the same time, as `openOrUpdate` is.
 *
 * @param now ms since 1970
 * @returns the incident's id; null when there was nothing to resolve, or its newest data is not older
 */
export async function resolveByKey(tx: Db, recovery: Recovery, now: number): Promise<number | null> {
  const { dedupKey, judgedAt, text } = recovery;
  const newest = await lockNewestOf(tx, dedupKey);
  if (newest === null || newest.resolvedAt !== null || newest.judgedAt >= judgedAt) return null;
  await markResolved(tx, newest.id, { at: judgedAt, now });
  await tx.incident.update({ where: { id: newest.id }, data: { judgedAt: new Date(judgedAt) } });
  const key = `RESOLVED ${judgedAt}`;
  await recordEntries(
    tx,
    newest.id,
    [{ at: judgedAt, actor: SYSTEM_ACTOR.name, kind: "RESOLVED", text, key }],
    now,
  );
  return newest.id;
}

/** Makes an incident resolved, its hosts no longer affected. Called with its row locked. Times in ms since 1970. */
export async function markResolved(
  tx: Db,
  id: number,
  { at, now }: { readonly at: number; readonly now: number },
): Promise<void> {
  await tx.incident.update({
    where: { id },
    data: { status: "RESOLVED", resolvedAt: new Date(at), updatedAt: new Date(now) },
  });
  await setMembers(tx, id, [], at);
}
