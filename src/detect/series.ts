/**
 * What is judged of each namespace: counters, differences of two, ratios and gauges, as data.
 *
 * - `event`: stands still on a healthy host. Judged at once against a baseline of nearly 0.
 * - `flow`: goes up and down with the day and the week. Judged each minute against the same hour.
 * - `ratio`: a flow for each unit of another counter, so that a busy hour raises what is expected.
 * - `gauge`: a number of connections now, judged as a flow is.
 */
export type SeriesKind = "event" | "flow" | "ratio" | "gauge";

export interface Series {
  /** Stable: stored with the state of the baselines. A plain series has its counter's name. */
  readonly name: string;
  readonly kind: SeriesKind;
  /** Full name of the counter or gauge. */
  readonly counter: string;
  /** A counter that is taken off, where it is part of the first. */
  readonly less?: string;
  /** Of a ratio: the counter that it is measured by, instead of minutes. */
  readonly per?: string;
  /** In a sentence, in the plural: `ListenOverflows`. */
  readonly words: string;
  /** Lost handshakes are behind it: a burst of it counts by the share of them, too. */
  readonly losesHandshakes?: true;
}

/** What the baseline of a series begins with. */
export function expectingOf({ kind, losesHandshakes }: Series): { fromZero: boolean; isEvent: boolean } {
  return { fromZero: losesHandshakes === true, isEvent: kind === "event" };
}

const event = (counter: string, more: Partial<Series> = {}): Series => ({
  name: counter,
  kind: "event",
  counter,
  words: counter.replace(/^(TcpExt|Tcp)/, ""),
  ...more,
});
const flow = (counter: string, more: Partial<Series> = {}): Series => ({
  ...event(counter),
  kind: "flow",
  ...more,
});

/** Those that have no hours: their baselines are a level alone. */
export const STILL_SERIES: readonly Series[] = [
  event("TcpExtListenOverflows", { losesHandshakes: true }),
  event("TcpExtListenDrops", {
    name: "other_listen_drops",
    less: "TcpExtListenOverflows",
    words: "ListenDrops other than overflows",
  }),
  event("TcpExtTCPReqQFullDrop", { losesHandshakes: true }),
  event("TcpExtTCPReqQFullDoCookies"),
  event("TcpExtSyncookiesFailed"),
  event("TcpExtTCPAbortOnMemory"),
  event("TcpExtTCPAbortFailed"),
  event("TcpExtTCPMemoryPressures"),
  event("TcpExtPruneCalled"),
  event("TcpExtRcvPruned"),
  event("TcpExtTCPRcvQDrop"),
  event("TcpExtTCPBacklogDrop"),
  event("TcpExtTCPTimeWaitOverflow"),
  event("TcpExtTCPFastOpenListenOverflow"),
];

/** Those that go with the hours of the week; some hosts see failed attempts and half-open resets all day. */
export const SEASONAL_SERIES: readonly Series[] = [
  event("TcpAttemptFails"),
  event("TcpExtEmbryonicRsts"),
  flow("TcpPassiveOpens"),
  flow("TcpActiveOpens"),
  flow("TcpEstabResets"),
  flow("TcpInSegs"),
  flow("TcpOutSegs"),
  flow("TcpOutRsts"),
  flow("TcpExtTCPSynRetrans"),
  flow("TcpExtTCPTimeouts"),
  flow("TcpExtTCPAbortOnClose"),
  flow("TcpExtTCPAbortOnData"),
  flow("TcpExtTCPAbortOnTimeout"),
  flow("TcpCurrEstab", { kind: "gauge", words: "established connections" }),
  flow("TcpRetransSegs", {
    name: "retransmit_ratio",
    kind: "ratio",
    less: "TcpExtTCPSynRetrans",
    per: "TcpOutSegs",
    words: "retransmitted segments other than SYNs",
  }),
];
