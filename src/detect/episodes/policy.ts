import type { Cause } from "../diagnosis/cause.ts";

const MINUTE_MS = 60_000;

/** What causes are one trouble to those who are told of it. */
export type Family = Cause | "ACCEPT_QUEUE";

/** The three causes of a full accept queue may take turns while the evidence gathers: that is one trouble. */
export function familyOf(cause: Cause): Family {
  const isQueue =
    cause === "APPLICATION_STALLED" || cause === "APPLICATION_SLOW" || cause === "ACCEPT_QUEUE_TOO_SMALL";
  return isQueue ? "ACCEPT_QUEUE" : cause;
}

/**
 * Causes that are no incidents: an episode of them is watched for what comes of it, and nobody is told. An application
 * that is deployed is restarted each day, and nothing is the matter. It is an anomaly, with what it cost; a port that
 * stays closed is SERVICE_DOWN, and a queue that is full all the same has an incident of its own.
 */
const UNTOLD: ReadonlySet<Cause> = new Set(["RESTART"]);

export function isTold(cause: Cause): boolean {
  return !UNTOLD.has(cause);
}

/** Observations running that name another cause of the family before that is the cause. */
export const RIVAL_HITS = 3;

/** So many observations of the last so many must be over the threshold before an episode opens. */
export interface Entry {
  readonly hits: number;
  readonly of: number;
}

/** Observations that are remembered. */
export const REMEMBERED = 6;

/** A loss that is critical opens within 20 s. */
export const CRITICAL_ENTRY: Entry = { hits: 2, of: 3 };

/** Judged once is enough: the detector behind it has waited already (a minute without a port, hours of a leak). */
const AT_ONCE: Entry = { hits: 1, of: 1 };
/** Loss, interval by interval. */
const LASTING: Entry = { hits: 3, of: REMEMBERED };
/** What is judged by the minute. */
const TWICE: Entry = { hits: 2, of: 3 };

const ENTRIES: Partial<Readonly<Record<Cause, Entry>>> = {
  DATA_PROBLEM: AT_ONCE,
  HOST_SILENT: AT_ONCE,
  RESTART: AT_ONCE,
  SERVICE_DOWN: AT_ONCE,
  CONNECTION_LEAK: AT_ONCE,
  SLO_BURN: AT_ONCE,
  APPLICATION_STALLED: LASTING,
  APPLICATION_SLOW: LASTING,
  ACCEPT_QUEUE_TOO_SMALL: LASTING,
  SYN_QUEUE_FULL: LASTING,
};

export function entryOf(cause: Cause): Entry {
  return ENTRIES[cause] ?? TWICE;
}

/** Below this part of its entry threshold an episode is calm; between the two it goes on, and none begins. */
export const CALM_STRENGTH = 0.5;
/** It ends when it was calm for so long. */
export const LEAVE_MS = 5 * MINUTE_MS;
/** One that flaps is given half as long again each time, up to this. */
export const LEAVE_FACTOR = 1.5;
export const LEAVE_MAX_MS = 60 * MINUTE_MS;
/** What begins again within this is the same episode. */
export const REOPEN_MS = 30 * MINUTE_MS;
/** Begun again so often within so long: it flaps. */
export const FLAPS = 3;
export const FLAP_WINDOW_MS = 120 * MINUTE_MS;
/** Hosts of a role that begin within this begin together. */
export const TOGETHER_MS = 2 * MINUTE_MS;
