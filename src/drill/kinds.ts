import type { AppOptions, Load } from "./messages.ts";

export const DRILL_KINDS = ["slow", "small-backlog", "stalled", "flood"] as const;
export type DrillKind = (typeof DRILL_KINDS)[number];

/** A fault that can be made, and what the service is expected to say of it. */
export interface Scenario {
  /** What happens, as half a sentence. */
  readonly what: string;
  /** The cause that is right, as the service names it. */
  readonly cause: string;
  /** The counter that moves first. */
  readonly counter: string;
  readonly app: AppOptions;
  readonly load: Load;
  /** The application accepts nothing from when the load begins. */
  readonly stalls: boolean;
  /** How long it is waited for the right cause, in ms; no load lasts longer. */
  readonly patienceMs: number;
  /** It cannot be made without a network of its own; the reason, as half a sentence. Null where loopback will do. */
  readonly needsNetwork: string | null;
}

const MINUTE_MS = 60_000;

/**
 * Each fault is as large as it takes for a host that nobody knows yet, and no larger: some thousand connections.
 * Those of the accept queue are told by what is lost in a few intervals. A flood loses nothing while SYN cookies
 * hold, so it is told by two minutes running, and takes up to three.
 */
export const SCENARIOS: Readonly<Record<DrillKind, Scenario>> = {
  slow: {
    what: "an application accepts 10 connections a second, and 30 a second come",
    cause: "APPLICATION_SLOW",
    counter: "TcpExtListenOverflows",
    app: { backlog: 16, blockMs: 100 },
    load: { clients: { atOnce: 3, everyMs: 100, patienceMs: 2_000 }, floodPerSecond: 0 },
    stalls: false,
    patienceMs: MINUTE_MS,
    needsNetwork: null,
  },
  "small-backlog": {
    what: "a quick application has a queue of 16, and bursts of 60 connections come",
    cause: "ACCEPT_QUEUE_TOO_SMALL",
    counter: "TcpExtListenOverflows",
    app: { backlog: 16, blockMs: 2 },
    load: { clients: { atOnce: 60, everyMs: 3_000, patienceMs: 10_000 }, floodPerSecond: 0 },
    stalls: false,
    patienceMs: MINUTE_MS,
    needsNetwork: null,
  },
  stalled: {
    what: "an application stands still, as in a deadlock, and 40 connections a second come",
    cause: "APPLICATION_STALLED",
    counter: "TcpExtListenOverflows",
    app: { backlog: 16, blockMs: 0 },
    load: { clients: { atOnce: 4, everyMs: 100, patienceMs: 3_000 }, floodPerSecond: 0 },
    stalls: true,
    patienceMs: MINUTE_MS,
    needsNetwork: null,
  },
  flood: {
    what: "100 SYNs a second come from an address that never answers, beside 5 clients a second",
    cause: "SYN_FLOOD",
    counter: "TcpExtTCPReqQFullDoCookies",
    app: { backlog: 16, blockMs: 0 },
    load: { clients: { atOnce: 1, everyMs: 200, patienceMs: 3_000 }, floodPerSecond: 100 },
    stalls: false,
    patienceMs: 3 * MINUTE_MS + 15_000,
    needsNetwork: "on loopback every SYN is answered and every answer heard, so none stays half open",
  },
};
