import { type Cause, type Severity, worse } from "../diagnosis/cause.ts";
import { hostsOf, isFlapping } from "./episode.ts";
import type { Group } from "./grouping.ts";
import type { Scope } from "./key.ts";
import { REOPEN_MS } from "./policy.ts";

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
  /** The most that were in it at once. Absent in a book that was written before this was: those that are in it now. */
  readonly most?: number;
}

/** What happened to an incident: an entry of its timeline. */
export interface Transition {
  readonly at: number;
  readonly key: string;
  readonly kind: "opened" | "reopened" | "joined" | "left" | "worsened" | "renamed" | "flapping" | "resolved";
  /** Of `joined` and `left`: the host. Of `worsened`: the severity, of `renamed`: the cause, of `resolved`: why. */
  readonly detail: string | null;
}

/** Hosts of the episodes that are on, in an order that does not depend on how they came. */
export function membersOf({ episodes }: Group): string[] {
  const on = episodes.filter(({ phase }) => phase !== "pending").flatMap(hostsOf);
  return [...new Set(on)].sort();
}

/** An incident as its group has it now. */
export function advanceIncident(
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
  const most = Math.max(known?.most ?? 0, members.length);
  const now = { key, scope, cause, port, status: "open", resolvedAt: null, flapping, members, most } as const;
  if (known?.status === "open") {
    const [before, after] = [new Set(known.members), new Set(members)];
    for (const host of members) if (!before.has(host)) tell("joined", host);
    for (const host of known.members) if (!after.has(host)) tell("left", host);
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
