import { SYSTEM_ACTOR } from "../audit.ts";
import type { Db } from "../client.ts";
import { changeIncident } from "./change.ts";
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
  await tx.incident.update({ where: { id: newest.id }, data: { judgedAt: new Date(judgedAt) } });
  await markResolved(tx, newest.id, judgedAt, now);
  const key = `RESOLVED ${judgedAt}`;
  await recordEntries(
    tx,
    newest.id,
    [{ at: judgedAt, actor: SYSTEM_ACTOR.name, kind: "RESOLVED", text, key }],
    now,
  );
  return newest.id;
}

/**
 * Makes an incident resolved, and its hosts no longer affected. Called with its row locked.
 *
 * @param at when it was over, ms since 1970; `now` is the service's time
 */
export async function markResolved(tx: Db, id: number, at: number, now: number): Promise<void> {
  await changeIncident(tx, id, { status: "RESOLVED", resolvedAt: new Date(at) }, now);
  await setMembers(tx, id, [], at);
}
