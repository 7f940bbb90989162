import type { DrillKind } from "./kinds.ts";
import type { ClientCounts, PlaceKind } from "./messages.ts";

/** An incident as a drill reads it from the service. */
export interface IncidentSeen {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly severity: string;
  readonly cause: string;
  readonly url: string;
  /** Shares of handshakes lost or delayed, 0 to 1; null where none was estimated. */
  readonly lossShare: number | null;
  readonly lossLow: number | null;
  readonly lossHigh: number | null;
  readonly diagnosis: DiagnosisSeen | null;
}

export interface DiagnosisSeen {
  readonly confidence: number;
  readonly summary: string;
  readonly remedies: readonly string[];
  readonly evidence: readonly {
    readonly statement: string;
    readonly listener: ListenerSeen | null;
  }[];
}

export interface ListenerSeen {
  readonly address: string;
  readonly port: number;
  readonly owner: string | null;
}

/** What a drill tells, as it comes: with --json a line each. `at` is ms since 1970, by the clock of the drill. */
export type DrillEvent = { readonly at: number } & (
  | {
      readonly type: "begun";
      readonly kind: DrillKind;
      readonly what: string;
      readonly place: PlaceKind;
      /** Why it is not made in a network of its own; null where it is. */
      readonly why: string | null;
      readonly host: string;
      /** How long the load lasts at most. */
      readonly atMostMs: number;
    }
  /** The service has the first snapshots of the host: the load begins. */
  | { readonly type: "loaded"; readonly hostId: string }
  /** The service knows of the first drops. */
  | { readonly type: "seen"; readonly counter: string; readonly increase: string }
  | { readonly type: "flagged"; readonly detector: string; readonly explanation: string }
  | { readonly type: "opened"; readonly incident: IncidentSeen }
  /** The service has changed its mind about the cause. */
  | { readonly type: "renamed"; readonly incident: IncidentSeen }
  | {
      readonly type: "verdict";
      readonly right: boolean;
      readonly expected: string;
      /** The one that names the cause, or else the first; null where none was opened. */
      readonly incident: IncidentSeen | null;
      /** The truth, by the clients' own count. */
      readonly clients: ClientCounts;
    }
  /** The load is over, and the host has left. */
  | { readonly type: "left" }
  /** What becomes of the incident, as far as it was waited for. */
  | { readonly type: "after"; readonly status: string }
);

/** An event without its time. */
export type DrillNews = DrillEvent extends infer Event
  ? Event extends DrillEvent
    ? Omit<Event, "at">
    : never
  : never;
