/** The message as alerts of Prometheus: one for each incident. */
import type { Labels } from "../../store/labels/effective.ts";
import type { Notification, NotifiedIncident } from "../receiver.ts";
import { wellFormed } from "./clean.ts";
import { factKey, factsOf } from "./facts.ts";
import { TEST_WORDS } from "./text.ts";

/** As Alertmanager's API takes it; times are RFC 3339. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

export interface AlertOptions {
  /** Of the receiver, for a test. */
  readonly name: string;
  /** After how long without another sending what goes on is taken to be over, ms. */
  readonly endsInMs: number;
  /** Annotations of the receiver's own, of an alert or of a test. */
  readonly annotationsOf?: (incident?: NotifiedIncident) => Readonly<Partial<Labels>>;
}

export function alertsOf(notification: Notification, options: AlertOptions): Alert[] {
  const { kind, incidents, at, url } = notification;
  const { name, endsInMs, annotationsOf = () => ({}) } = options;
  if (kind !== "TEST") {
    return incidents.map((one) => alertOf(one, notification, endsInMs, bounded(annotationsOf(one))));
  }
  return [
    {
      labels: { alertname: "SpillwayTest", receiver: name, severity: "info" },
      annotations: { summary: TEST_WORDS, ...bounded(annotationsOf()) },
      startsAt: isoTime(at),
      endsAt: isoTime(at + endsInMs),
      generatorURL: url,
    },
  ];
}

function alertOf(
  notified: NotifiedIncident,
  notification: Notification,
  endsInMs: number,
  own: Labels,
): Alert {
  const { incident, firing, url } = notified;
  const { at } = notification;
  const { title, summary, facts, evidence, remedies } = factsOf(notified, at);
  const end = firing ? at + endsInMs : Math.min(incident.resolvedAt ?? at, at);
  return {
    labels: identityOf(notified, notification),
    annotations: withValues({
      summary: title,
      description: summary ?? "",
      ...Object.fromEntries(facts.map(({ name, value }) => [factKey(name), value])),
      evidence: evidence.join("\n"),
      what_to_do: remedies.join("\n"),
      url,
      ...own,
    }),
    startsAt: isoTime(incident.startedAt),
    // One that ends before it starts is refused.
    endsAt: isoTime(Math.max(end, incident.startedAt)),
    generatorURL: url,
  };
}

/**
 * The labels by which Alertmanager knows the alert. An incident's labels become fewer while hosts join it, and its cause
 * changes as more is known; each change would be another alert. So these are as they were when it was first told of.
 * Severity and urgency are as they are now, since people route by them: one that became worse has to reach who is paged
 * for that, and the alert before it is over by itself. Neither falls while it goes on.
 */
function identityOf({ incident, labelsAtFirst }: NotifiedIncident, { groupLabels }: Notification): Labels {
  const theirs = Object.entries({ ...groupLabels, ...labelsAtFirst }).map(([name, value]) => [
    name,
    wellFormed(value.slice(0, LABEL_LENGTH)),
  ]);
  return withValues({
    ...Object.fromEntries(theirs),
    // Last: a label of a host cannot pass for one of these.
    alertname: "SpillwayIncident",
    incident: incident.dedupKey,
    severity: incident.severity.toLowerCase(),
    urgency: incident.urgency.toLowerCase(),
  });
}

const LABEL_LENGTH = 1_000;

/** Of an annotation of the receiver's own, in characters: Alertmanager has no limit, and those it tells do. */
const OWN_LENGTH = 4_000;

function bounded(texts: Readonly<Partial<Labels>>): Labels {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text = ""]) => [name, wellFormed(text.slice(0, OWN_LENGTH))]),
  );
}

/** An empty label is none. */
function withValues(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
