/** What a notification says, before a far end gives it its form: the worst incident whole, others in a line each. */
import type { Severity } from "../../store/incidents/records.ts";
import type { Notification } from "../receiver.ts";
import { oneLine } from "./clean.ts";
import { factsOf, type IncidentFacts, type State } from "./facts.ts";
import { countWords, worstOf } from "./words.ts";

export interface Message {
  /** `test` of a receiver that is only tried. */
  readonly state: State | "test";
  /** Of those that go on the worst, else of all. */
  readonly severity: Severity;
  /** `[CRITICAL] Application accepts nothing on port 8080: web-1` */
  readonly subject: string;
  /** The worst of those that go on, or of all; null in a test. */
  readonly worst: IncidentFacts | null;
  readonly others: readonly IncidentFacts[];
  /** Incidents that there is no room for; the page has them. */
  readonly omitted: number;
  /** By what they are one group: `role=web, zone=a`; empty for a single incident. */
  readonly group: string;
  /** Whether it tells together what was too much to be told one by one. */
  readonly digest: boolean;
  /** Page of what is told of. */
  readonly url: string;
}

/** Five hundred hosts may fail at once, each with an incident of its own: a message is still read on a phone. */
const OTHERS = 20;
const SUBJECT_LENGTH = 250;
const GROUP_LENGTH = 300;

const MARKS = { resolved: "RESOLVED", acknowledged: "ACKNOWLEDGED", test: "TEST" } as const;

export function messageOf(notification: Notification): Message {
  const { incidents, at } = notification;
  const state = messageState(notification);
  const [worst = null, ...others] = incidents.slice(0, OTHERS + 1).map((one) => factsOf(one, at));
  const severity = worstSeverity(notification);
  return {
    state,
    severity,
    subject: subjectOf(notification, state === "open" ? severity : MARKS[state], worst),
    worst,
    others,
    omitted: Math.max(0, incidents.length - 1 - others.length),
    group: incidents.length > 1 ? groupWords(notification) : "",
    digest: notification.digest,
    url: incidents.length === 1 && worst !== null ? worst.url : notification.url,
  };
}

/** Acknowledged when somebody is on each that goes on, resolved when none does. */
function messageState({ kind, incidents }: Notification): Message["state"] {
  if (kind === "TEST") return "test";
  const on = incidents.filter(({ firing }) => firing);
  if (on.length === 0) return "resolved";
  return kind === "ACKNOWLEDGED" && on.every(({ incident }) => incident.acknowledgedAt !== null)
    ? "acknowledged"
    : "open";
}

function worstSeverity({ incidents }: Notification): Severity {
  const on = incidents.filter(({ firing }) => firing);
  return worstOf((on.length > 0 ? on : incidents).map(({ incident }) => incident.severity)) ?? "INFO";
}

function subjectOf(
  { kind, incidents, digest }: Notification,
  mark: string,
  worst: IncidentFacts | null,
): string {
  if (kind === "TEST" || worst === null) return "[TEST] Spillway reaches this receiver";
  const still = kind === "REMINDER" && mark !== MARKS.resolved ? ", still" : "";
  if (incidents.length === 1) return oneLine(`[${mark}${still}] ${worst.title}`, SUBJECT_LENGTH);
  const on = incidents.filter(({ firing }) => firing).length;
  const some = on === 0 || on === incidents.length ? "" : `, ${on} of them open`;
  const counted = `${digest ? "digest of " : ""}${countWords(incidents.length, "incident")}${some}`;
  return oneLine(`[${mark}${still}] ${counted}: ${worst.title}`, SUBJECT_LENGTH);
}

function groupWords({ groupLabels }: Notification): string {
  const labels = Object.entries(groupLabels).map(([name, value]) => `${name}=${oneLine(value, 100)}`);
  return oneLine(labels.join(", "), GROUP_LENGTH);
}
