/** What is told of one incident: the same at every far end, each in its own form. */
import type { IncidentRecord, Severity } from "../../store/incidents/records.ts";
import type { NotifiedIncident } from "../receiver.ts";
import { oneLine } from "./clean.ts";
import { drawTrend } from "./trend.ts";
import { causeWords, countWords, durationWords, lossWords, shareWords, timeWords } from "./words.ts";

/** So that a message stays short whatever is in the tables; longer ones are cut and say so. */
const LENGTHS = { title: 300, summary: 800, statement: 400, name: 120 } as const;
const STATEMENTS = 6;
const REMEDIES = 4;
const HOSTS = 5;

/** What an incident is at when it is told of. */
export type State = "open" | "acknowledged" | "resolved";

/** In the order in which they are told. */
export const FACT_NAMES = [
  "Where",
  "Since",
  "Lost or delayed",
  "Cause",
  "Contributing",
  "Listener",
  "Preceded by",
  "Overflows",
  "Acknowledged",
  "Flapping",
] as const;

export interface Fact {
  readonly name: (typeof FACT_NAMES)[number];
  readonly value: string;
}

/** `lost_or_delayed`: how annotations and variables of templates are called. */
export function factKey(name: Fact["name"]): string {
  return name.toLowerCase().replaceAll(" ", "_");
}

/** Every text is one clean line of bounded length. */
export interface IncidentFacts {
  readonly state: State;
  readonly severity: Severity;
  /** What is the matter and where, in a line. */
  readonly title: string;
  /** The diagnosis in a sentence or two; null while there is none. */
  readonly summary: string | null;
  /** Where, since when, how much is lost, why, after what. */
  readonly facts: readonly Fact[];
  readonly evidence: readonly string[];
  readonly remedies: readonly string[];
  /** The facts that fit into a line beside others. */
  readonly brief: string;
  readonly url: string;
}

/** @param at when it is told, ms since 1970 */
export function factsOf(notified: NotifiedIncident, at: number): IncidentFacts {
  const { incident } = notified;
  const { diagnosis } = incident;
  const statements = diagnosis?.evidence.slice(0, STATEMENTS).map(({ statement }) => statement) ?? [];
  // What is over calls for nothing any more.
  const remedies = (notified.firing ? diagnosis?.remedies.slice(0, REMEDIES) : null) ?? [];
  return {
    state: stateOf(notified),
    severity: incident.severity,
    title: oneLine(incident.title, LENGTHS.title) || `Incident ${incident.id}`,
    summary: diagnosis === null ? null : oneLine(diagnosis.summary, LENGTHS.summary),
    facts: listOf(notified, at),
    evidence: statements.map((text) => oneLine(text, LENGTHS.statement)),
    remedies: remedies.map((text) => oneLine(text, LENGTHS.statement)),
    brief: briefOf(notified),
    url: notified.url,
  };
}

export function stateOf({ incident, firing }: NotifiedIncident): State {
  if (!firing) return "resolved";
  return incident.acknowledgedAt === null ? "open" : "acknowledged";
}

/** Addresses and ports of the sockets that the evidence is about, each once. */
export function listenersOf({ diagnosis }: IncidentRecord): string[] {
  const sockets = diagnosis?.evidence.flatMap(({ listener }) => (listener === null ? [] : [listener])) ?? [];
  const names = sockets.map(({ address, port }) => {
    const host = oneLine(address, LENGTHS.name);
    return `${host.includes(":") ? `[${host}]` : host}:${port}`;
  });
  return [...new Set(names)].slice(0, HOSTS);
}

/** `web-1, web-2 and 498 more`, and that of one alone its name. */
export function hostWords({ hosts, hostCount }: NotifiedIncident): string {
  const named = hosts.slice(0, HOSTS).map((host) => oneLine(host, LENGTHS.name));
  const rest = Math.max(hostCount, hosts.length) - named.length;
  if (named.length === 0) return countWords(hostCount, "host");
  return named.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function listOf(notified: NotifiedIncident, at: number): Fact[] {
  const { incident, precededBy } = notified;
  const { diagnosis, loss } = incident;
  const listeners = listenersOf(incident);
  const trend = drawTrend(notified.trend);
  const contributing = diagnosis?.contributing.map(causeWords).join(", ") ?? "";
  const values: Readonly<Record<Fact["name"], string>> = {
    Where: hostWords(notified),
    Since: sinceWords(notified, at),
    "Lost or delayed": loss === null ? "" : lossWords(loss),
    Cause: confidentCause(incident),
    Contributing: contributing,
    Listener: listeners.join(", "),
    "Preceded by": precededBy === null ? "" : eventWords(precededBy, incident.startedAt),
    Overflows: trend === null ? "" : `${trend.plot} up to ${Number(trend.highest.toPrecision(3))} a second`,
    Acknowledged: acknowledgedWords(incident),
    Flapping: incident.flapping ? "it ends and starts again within minutes" : "",
  };
  return FACT_NAMES.map((name) => ({ name, value: values[name] })).filter(({ value }) => value !== "");
}

function sinceWords({ incident, firing }: NotifiedIncident, at: number): string {
  const { startedAt, resolvedAt } = incident;
  const end = firing ? at : (resolvedAt ?? at);
  const lasted = durationWords(end - startedAt);
  return firing
    ? `${timeWords(startedAt)}, for ${lasted}`
    : `${timeWords(startedAt)}, until ${timeWords(end)}: ${lasted}`;
}

function confidentCause({ cause, diagnosis }: IncidentRecord): string {
  return `${causeWords(cause)}${diagnosis === null ? "" : `, confidence ${shareWords(diagnosis.confidence)}`}`;
}

function eventWords(event: NonNullable<NotifiedIncident["precededBy"]>, startedAt: number): string {
  const kind = oneLine(event.kind, LENGTHS.name).toLowerCase();
  const title = oneLine(event.title, LENGTHS.name);
  return `${kind} "${title}" at ${timeWords(event.at)}, ${durationWords(startedAt - event.at)} before`;
}

function acknowledgedWords({ acknowledgedAt, acknowledgedBy }: IncidentRecord): string {
  if (acknowledgedAt === null) return "";
  return `by ${oneLine(acknowledgedBy ?? "somebody", LENGTHS.name)} at ${timeWords(acknowledgedAt)}`;
}

function briefOf(notified: NotifiedIncident): string {
  const { incident } = notified;
  const lost = incident.loss === null ? [] : [`${shareWords(incident.loss.share)} lost or delayed`];
  return [causeWords(incident.cause), ...lost, `since ${timeWords(incident.startedAt)}`].join(", ");
}
