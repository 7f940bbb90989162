import { type Cause, type Severity, worse } from "../diagnosis/cause.ts";
import {
  CALM_STRENGTH,
  CRITICAL_ENTRY,
  type Entry,
  entryOf,
  FLAP_WINDOW_MS,
  FLAPS,
  LEAVE_FACTOR,
  LEAVE_MAX_MS,
  LEAVE_MS,
  REMEMBERED,
  REOPEN_MS,
  RIVAL_HITS,
} from "./policy.ts";

/** What an episode is of: two causes of one family are one episode. */
export interface EpisodeName {
  /** The namespace, or the host itself where it is silent: opaque here. */
  readonly subject: string;
  readonly cause: Cause;
  /** Of the listener, where the cause is about one; null otherwise. */
  readonly port: number | null;
}

/** Whose it is. */
export interface Whose {
  /** Empty where it is about a role as a whole. */
  readonly host: string;
  /** Of an episode of a whole role: the hosts that have a part in it. */
  readonly hosts?: readonly string[];
  /** By the label that says which hosts do the same work; null where there is none. */
  readonly role: string | null;
}

/** The hosts that it is about. */
export function hostsOf({ host, hosts }: Whose): readonly string[] {
  return hosts ?? [host];
}

/** One evaluation of one cause on one subject. */
export interface CauseObservation extends EpisodeName, Whose {
  /** ms since 1970 */
  readonly at: number;
  /**
   * How far over its entry threshold: from 1 on it counts towards opening, below 1/2 it is calm. Null where
   * nothing can be said: the host is silent, the interval has no rate, a maintenance window holds it back.
   */
  readonly strength: number | null;
  readonly severity: Severity;
  /** The subject is gone for good: it left, or was forgotten. */
  readonly gone?: boolean;
}

/** What is to be remembered of one cause on one subject: a row, made anew by each observation. */
export interface Episode extends EpisodeName, Whose {
  readonly phase: "pending" | "open" | "resolving" | "closed";
  /** Another cause of the family that was named by the last observations, and by how many of them. */
  readonly rival: Cause;
  readonly rivalHits: number;
  /** The newest observation taken; those at or before it change nothing. */
  readonly watermark: number;
  /** The last observations, the newest in the lowest bit: over the threshold; and critical. */
  readonly hits: number;
  readonly criticalHits: number;
  /** When it began: the first observation over the threshold. */
  readonly since: number;
  readonly openedAt: number | null;
  readonly calmSince: number | null;
  readonly closedAt: number | null;
  /** When it was opened again, those of the last two hours. */
  readonly reopenedAt: readonly number[];
  /** The worst since it was opened. */
  readonly severity: Severity;
}

/** What an observation did, for those who have to know. */
export type EpisodeChange = "opened" | "reopened" | "worsened" | "resolved" | null;

export interface Advanced {
  /** Null when there is nothing to remember. */
  readonly episode: Episode | null;
  readonly change: EpisodeChange;
}

const MASK = 2 ** REMEMBERED - 1;

/**
 * Takes one observation of a cause on a subject: pure, and safe to repeat. Observations at or before the newest
 * one taken change nothing, so that whatever the order and however often they come, an episode is opened once and
 * resolved once.
 */
export function advanceEpisode(before: Episode | null, seen: CauseObservation): Advanced {
  if (before !== null && seen.at <= before.watermark) return { episode: before, change: null };
  if (seen.gone === true) return leave(before, seen.at);
  if (seen.strength === null) {
    // What is not known is not calm.
    return {
      episode: before === null ? null : { ...before, watermark: seen.at, calmSince: null },
      change: null,
    };
  }
  const isHit = seen.strength >= 1;
  const known = before === null || isForgotten(before, seen.at) ? null : before;
  if (known === null) return isHit ? enter(begin(seen), seen) : { episode: null, change: null };
  const counted = count(known, seen, isHit);
  switch (counted.phase) {
    case "pending":
      if (counted.hits === 0) return { episode: null, change: null };
      return enter(counted, seen);
    case "closed":
      return isHit ? enter(counted, seen) : { episode: counted, change: null };
    default:
      return goOn(counted, seen);
  }
}

/** Whether the last of it is so long ago that what comes is another one. */
export function isForgotten({ phase, closedAt }: Episode, at: number): boolean {
  return phase === "closed" && closedAt !== null && at - closedAt > REOPEN_MS;
}

export function isFlapping({ reopenedAt }: Pick<Episode, "reopenedAt">, at: number): boolean {
  return recentOf(reopenedAt, at).length >= FLAPS;
}

function recentOf(times: readonly number[], at: number): number[] {
  return times.filter((time) => at - time <= FLAP_WINDOW_MS);
}

/** How long it has to be calm before it is over. */
function leaveMs({ reopenedAt }: Episode, at: number): number {
  return Math.min(LEAVE_MAX_MS, LEAVE_MS * LEAVE_FACTOR ** recentOf(reopenedAt, at).length);
}

function begin({ subject, host, hosts, role, cause, port, at, severity }: CauseObservation): Episode {
  const isCritical = severity === "CRITICAL";
  return {
    subject,
    host,
    ...(hosts === undefined ? {} : { hosts }),
    role,
    cause,
    port,
    phase: "pending",
    rival: cause,
    rivalHits: 0,
    watermark: at,
    hits: 1,
    criticalHits: isCritical ? 1 : 0,
    since: at,
    openedAt: null,
    calmSince: null,
    closedAt: null,
    reopenedAt: [],
    severity,
  };
}

function count(episode: Episode, seen: CauseObservation, isHit: boolean): Episode {
  const { at, severity, host, hosts, role } = seen;
  const shift = (bits: number, bit: boolean) => ((bits << 1) | Number(bit)) & MASK;
  return {
    ...(isHit ? nameCause(episode, seen.cause) : episode),
    host,
    ...(hosts === undefined ? {} : { hosts }),
    role,
    watermark: at,
    hits: shift(episode.hits, isHit),
    criticalHits: shift(episode.criticalHits, isHit && severity === "CRITICAL"),
    // A pending or closed one begins with the first of the hits that are remembered.
    since: isHit && (episode.hits === 0 || episode.since === 0) && !isOn(episode) ? at : episode.since,
  };
}

/**
 * The cause changes once another one was named several times running; at once while nobody was told of it, as the
 * first moment shows least of what is the matter.
 */
function nameCause(episode: Episode, cause: Cause): Episode {
  if (cause === episode.cause) return { ...episode, rival: cause, rivalHits: 0 };
  if (!isOn(episode)) return { ...episode, cause, rival: cause, rivalHits: 0 };
  const rivalHits = cause === episode.rival ? episode.rivalHits + 1 : 1;
  return rivalHits < RIVAL_HITS
    ? { ...episode, rival: cause, rivalHits }
    : { ...episode, cause, rival: cause, rivalHits: 0 };
}

const isOn = ({ phase }: Episode) => phase === "open" || phase === "resolving";

/** Opens a pending or closed episode when enough of the last observations were over the threshold. */
function enter(episode: Episode, { at, severity }: CauseObservation): Advanced {
  const enough = isMet(episode.hits, entryOf(episode.cause)) || isMet(episode.criticalHits, CRITICAL_ENTRY);
  if (!enough) return { episode, change: null };
  const isAgain = episode.openedAt !== null;
  const recent = recentOf(episode.reopenedAt, at);
  const open = {
    ...episode,
    phase: "open",
    openedAt: episode.openedAt ?? at,
    calmSince: null,
    closedAt: null,
    reopenedAt: isAgain ? [...recent, at] : recent,
    severity: isAgain ? severity : worse(episode.severity, severity),
  } as const;
  return { episode: open, change: isAgain ? "reopened" : "opened" };
}

function isMet(bits: number, { hits, of }: Entry): boolean {
  let met = 0;
  for (let index = 0; index < of; index++) met += (bits >> index) & 1;
  return met >= hits;
}

/** An episode that is open stays so until it was calm for long enough. */
function goOn(episode: Episode, { at, strength, severity }: CauseObservation): Advanced {
  if (strength === null || strength >= CALM_STRENGTH) {
    const now = strength !== null && strength >= 1 ? worse(episode.severity, severity) : episode.severity;
    const change = now === episode.severity ? null : "worsened";
    return { episode: { ...episode, phase: "open", calmSince: null, severity: now }, change };
  }
  const calmSince = episode.calmSince ?? at;
  if (at - calmSince < leaveMs(episode, at)) {
    return { episode: { ...episode, phase: "resolving", calmSince }, change: null };
  }
  return close(episode, at);
}

function close(episode: Episode, at: number): Advanced {
  return {
    episode: {
      ...episode,
      phase: "closed",
      calmSince: null,
      closedAt: at,
      hits: 0,
      criticalHits: 0,
      since: 0,
    },
    change: "resolved",
  };
}

function leave(episode: Episode | null, at: number): Advanced {
  if (episode === null || !isOn(episode)) return { episode: null, change: null };
  return { ...close({ ...episode, watermark: at }, at) };
}
