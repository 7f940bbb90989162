/** What templates may say of a notification: stable names, in the words of the built-in texts. */
import { oneLine } from "../message/clean.ts";
import { FACT_NAMES, factKey, factsOf } from "../message/facts.ts";
import { messageOf } from "../message/message.ts";
import { toText } from "../message/text.ts";
import type { Notification, NotifiedIncident } from "../receiver.ts";
import { LabelDrop } from "./names.ts";

/** Incidents that a template may go through: the worst first. */
const INCIDENTS = 21;
const LABEL_LENGTH = 200;
const HOSTS = 10;

/** Every text is clean and of bounded length; null is what is not known. docs/receivers.md describes each. */
export interface Variables {
  readonly kind: string;
  readonly state: string;
  readonly severity: string;
  readonly subject: string;
  readonly text: string;
  readonly url: string;
  readonly group: string;
  readonly group_labels: LabelDrop;
  readonly digest: boolean;
  readonly incident_count: number;
  readonly open_count: number;
  readonly incident: IncidentVariables;
  readonly incidents: readonly IncidentVariables[];
}

export type IncidentVariables = Readonly<Record<string, unknown>>;

/**
 * With the worst incident as `incident`.
 *
 * @param notification tells of at least one
 */
export function variablesOf(notification: Notification): Variables {
  const { incidents, kind, groupLabels, at } = notification;
  const message = messageOf(notification);
  const shown = incidents.slice(0, INCIDENTS).map((one) => incidentOf(one, at));
  return {
    kind: kind.toLowerCase(),
    state: message.state,
    severity: message.severity,
    subject: message.subject,
    text: toText(message),
    url: message.url,
    group: message.group,
    group_labels: labelsOf(groupLabels),
    digest: notification.digest,
    incident_count: incidents.length,
    open_count: incidents.filter(({ firing }) => firing).length,
    incident: shown[0] ?? {},
    incidents: shown,
  };
}

/** What templates may say of one incident. @param at when it is told, ms since 1970 */
export function incidentOf(notified: NotifiedIncident, at: number): IncidentVariables {
  const { incident, hosts, hostCount } = notified;
  const { id, dedupKey, urgency, cause, loss, startedAt, resolvedAt, labels } = incident;
  const { state, severity, title, summary, facts, evidence, remedies, url } = factsOf(notified, at);
  const values = new Map(facts.map(({ name, value }) => [name, value]));
  return {
    id,
    key: oneLine(dedupKey, LABEL_LENGTH),
    title,
    summary,
    state,
    severity,
    urgency,
    cause_name: cause,
    share: loss?.share ?? null,
    started_at: new Date(startedAt).toISOString(),
    resolved_at: resolvedAt === null ? null : new Date(resolvedAt).toISOString(),
    host_count: hostCount,
    hosts: hosts.slice(0, HOSTS).map((host) => oneLine(host, LABEL_LENGTH)),
    labels: labelsOf(labels),
    ...Object.fromEntries(FACT_NAMES.map((name) => [factKey(name), values.get(name) ?? null])),
    evidence,
    what_to_do: remedies,
    url,
  };
}

function labelsOf(labels: Readonly<Record<string, string>>): LabelDrop {
  return new LabelDrop(
    Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, oneLine(value, LABEL_LENGTH)])),
  );
}
