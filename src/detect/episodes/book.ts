import { type Cause, type Severity, worse } from "../diagnosis/cause.ts";
import {
  advanceEpisode,
  type CauseObservation,
  type Episode,
  hostsOf,
  isFlapping,
  isForgotten,
} from "./episode.ts";
import { type Group, groupEpisodes } from "./grouping.ts";
import type { Scope } from "./key.ts";
import { familyOf, REOPEN_MS } from "./policy.ts";

/** An incident as the machine remembers it: a row. */
export interface Incident {
  readonly key: string;
  readonly scope: Scope;
  readonly cause: Cause;
  readonly port: number | null;
  readonly status: "open" | "resolved";
  /** When its first episode began, when it was opened first, and when it was resolved last, ms since 1970. */
  readonly startedAt: number;
  readonly openedAt: number;
  readonly resolvedAt: number | null;
  /** How often it was opened: 1 for one that was never opened again. */
  readonly openings: number;
  readonly flapping: boolean;
  /** The worst since it was opened last. */
  readonly severity: Severity;
  /** Hosts that are in it now. */
  readonly members: readonly string[];
}

/** What happened to an incident: an entry of its timeline. */
export interface Transition {
  readonly at: number;
  readonly key: string;
  readonly kind: "opened" | "reopened" | "joined" | "left" | "worsened" | "renamed" | "flapping" | "resolved";
  /** Of `joined` and `left`: the host. Of `worsened`: the severity, of `renamed`: the cause, of `resolved`: why. */
  readonly detail: string | null;
}

/** Everything that the machine remembers. Make a new one with `emptyBook()`. */
export interface Book {
  /** The newest judgement taken of each source. */
  readonly watermarks: ReadonlyMap<string, number>;
  /** By subject, cause and port. */
  readonly episodes: ReadonlyMap<string, Episode>;
  /** By key; those that were resolved for as long as they may be opened again. */
  readonly incidents: ReadonlyMap<string, Incident>;
}

/** What one source judged at one moment: a shard's counters, or who is silent. */
export interface Judgement {
  readonly source: string;
  readonly at: number;
  /** `counters` says nothing of silence, and `presence` of nothing else. */
  readonly judges: "counters" | "presence";
  /** The causes that fit, of the subjects that were judged. */
  readonly observations: readonly Omit<CauseObservation, "at">[];
  /** Subjects that were judged: of their episodes, those that were not observed are calm. */
  readonly judged: ReadonlySet<string>;
  /** Subjects that are gone for good, of hosts that left or were forgotten. */
  readonly gone?: ReadonlySet<string>;
  /** Hosts of each role, and of all under `*`. */
  readonly sizes: ReadonlyMap<string, number>;
}

export function emptyBook(): Book {
  return { watermarks: new Map(), episodes: new Map(), incidents: new Map() };
}

/**
 * Takes a judgement: pure. One of a source that is not after its newest changes nothing, so a job may run twice and
 * be replayed from anywhere.
 */
export function advance(
  book: Book,
  judgement: Judgement,
): { readonly book: Book; readonly transitions: Transition[] } {
  if (judgement.at <= (book.watermarks.get(judgement.source) ?? Number.NEGATIVE_INFINITY))
    return { book, transitions: [] };
  const watermarks = new Map(book.watermarks).set(judgement.source, judgement.at);
  const episodes = advanceAll(book.episodes, judgement);
  const transitions: Transition[] = [];
  const incidents = settle(book.incidents, episodes, judgement, transitions);
  return { book: { watermarks, episodes, incidents }, transitions };
}

function advanceAll(before: Book["episodes"], judgement: Judgement): Map<string, Episode> {
  const { at, judges, judged, gone } = judgement;
  const episodes = new Map(before);
  const seen = new Map(judgement.observations.map((observation) => [episodeName(observation), observation]));
  for (const [name, { subject, host, hosts, role, cause, port }] of before) {
    const whose = { subject, host, role, ...(hosts === undefined ? {} : { hosts }) };
    const calm = { ...whose, cause, port, strength: 0, severity: "INFO" } as const;
    const isJudged = judged.has(subject) && (cause === "HOST_SILENT") === (judges === "presence");
    if (isJudged && !seen.has(name)) seen.set(name, calm);
    if (gone?.has(subject) === true) seen.set(name, { ...calm, gone: true });
  }
  for (const [name, observation] of seen) {
    const { episode } = advanceEpisode(episodes.get(name) ?? null, { ...observation, at });
    if (episode === null) episodes.delete(name);
    else episodes.set(name, episode);
  }
  for (const [name, episode] of episodes) if (isForgotten(episode, at)) episodes.delete(name);
  return episodes;
}

/** Two causes of one family are one episode. */
export function episodeName({ subject, cause, port }: Pick<Episode, "subject" | "cause" | "port">): string {
  return JSON.stringify([subject, familyOf(cause), port]);
}

/** Brings the incidents in line with the episodes, and says what that changed. */
function settle(
  before: Book["incidents"],
  episodes: ReadonlyMap<string, Episode>,
  { at, sizes }: Judgement,
  transitions: Transition[],
): Map<string, Incident> {
  const incidents = new Map(before);
  const openKeys = new Set(
    [...before.values()].filter(({ status }) => status === "open").map(({ key }) => key),
  );
  const active = [...episodes.values()].filter(({ phase }) => phase !== "closed");
  const groups = groupEpisodes(active, sizes, openKeys).filter((group) => membersOf(group).length > 0);
  for (const group of groups) {
    incidents.set(group.key, advanceIncident(incidents.get(group.key) ?? null, group, at, transitions));
  }
  const on = new Set(groups.map(({ key }) => key));
  const inFleets = new Set(
    groups
      .filter(({ scope }) => scope.kind === "fleet")
      .flatMap(({ episodes: all }) => all.flatMap(familyNames)),
  );
  for (const incident of before.values()) {
    if (on.has(incident.key)) continue;
    if (incident.status === "open") {
      const isAbsorbed = incident.members.some((host) => inFleets.has(familyName(host, incident.cause)));
      const detail = isAbsorbed && incident.scope.kind === "host" ? ABSORBED : RECOVERED;
      transitions.push({ at, key: incident.key, kind: "resolved", detail });
      incidents.set(incident.key, { ...incident, status: "resolved", resolvedAt: at, members: [] });
    } else if (incident.resolvedAt !== null && at - incident.resolvedAt > REOPEN_MS) {
      incidents.delete(incident.key);
    }
  }
  return incidents;
}

const RECOVERED = "recovered";
const ABSORBED = "became part of a fleet-wide incident";

function familyName(host: string, cause: Cause): string {
  return JSON.stringify([host, familyOf(cause)]);
}

function familyNames(episode: Episode): string[] {
  return hostsOf(episode).map((host) => familyName(host, episode.cause));
}

/** Hosts of the episodes that are on, in an order that does not depend on how they came. */
function membersOf({ episodes }: Group): string[] {
  const on = episodes.filter(({ phase }) => phase !== "pending").flatMap(hostsOf);
  return [...new Set(on)].sort();
}

/** An incident as its group has it now. */
function advanceIncident(
  old: Incident | null,
  group: Group,
  at: number,
  transitions: Transition[],
): Incident {
  const { key, scope, cause, port } = group;
  const tell = (kind: Transition["kind"], detail: string | null = null) =>
    transitions.push({ at, key, kind, detail });
  const on = group.episodes.filter(({ phase }) => phase !== "pending");
  const members = membersOf(group);
  const severity = on.map((episode) => episode.severity).reduce(worse);
  const flapping = on.some((episode) => isFlapping(episode, at));
  const isAnother = old !== null && old.resolvedAt !== null && at - old.resolvedAt > REOPEN_MS;
  const known = isAnother ? null : old;
  const now = { key, scope, cause, port, status: "open", resolvedAt: null, flapping, members } as const;
  if (known?.status === "open") {
    for (const host of members) if (!known.members.includes(host)) tell("joined", host);
    for (const host of known.members) if (!members.includes(host)) tell("left", host);
    const worst = worse(known.severity, severity);
    if (worst !== known.severity) tell("worsened", worst);
    if (cause !== known.cause) tell("renamed", cause);
    if (flapping && !known.flapping) tell("flapping");
    return { ...known, ...now, severity: worst };
  }
  tell(known === null ? "opened" : "reopened");
  if (flapping && known?.flapping !== true) tell("flapping");
  return {
    ...now,
    startedAt: known?.startedAt ?? Math.min(...on.map(({ since }) => since)),
    openedAt: known?.openedAt ?? at,
    openings: (known?.openings ?? 0) + 1,
    severity,
  };
}
