import { SpillwayError } from "../errors.ts";
import { type AuditedChange, recordAudit } from "../store/audit.ts";
import { type Db, inTransaction, type PrismaClient } from "../store/client.ts";
import { incidentsById } from "../store/incidents/incident-pages.ts";
import { lockIncident } from "../store/incidents/lock.ts";
import type { IncidentRecord, TimelineKind } from "../store/incidents/records.ts";
import { recordEntries } from "../store/incidents/timeline.ts";
import type { Actor } from "../store/tokens.ts";

/** Who changes something, when, and where. That the actor may is the caller's to check: verbs need `operate`. */
export interface VerbContext {
  readonly db: PrismaClient;
  readonly actor: Actor;
  /** ms since 1970 */
  readonly now: number;
}

/** What a verb has done, for the timeline, whoever is notified, and the audit log. */
export interface Done {
  readonly kind: TimelineKind;
  readonly text: string;
  readonly action: AuditedChange["action"];
  readonly details?: AuditedChange["details"];
}

/**
 * Changes an incident in one transaction with its timeline, the outbox and the audit log.
 *
 * @param change given the incident as it is, its row locked; null when there was nothing to do
 * @returns the incident as it is after that
 * @throws NOT_FOUND without such an incident, and what `change` throws
 */
export function onIncident(
  { db, actor, now }: VerbContext,
  id: number,
  change: (tx: Db, incident: IncidentRecord) => Promise<Done | null>,
): Promise<IncidentRecord> {
  return inTransaction(db, async (tx) => {
    const incident = await lockIncident(tx, id);
    if (incident === null) throw new SpillwayError("NOT_FOUND", `there is no incident ${id}`);
    const done = await change(tx, incident);
    if (done === null) return incident;
    const { kind, text, action, details } = done;
    await recordEntries(tx, id, [{ at: now, actor: actor.name, kind, text, key: null }], now);
    const audited = { action, target: incident.title, details: { incident: id, ...details } };
    await recordAudit(tx, actor, audited, now);
    const [changed = incident] = await incidentsById(tx, [id]);
    return changed;
  });
}
