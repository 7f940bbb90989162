import { type LossShare, type LostHandshakes, lossShare, lostHandshakes } from "../../rates/loss.ts";
import { PER_MINUTE_MIN } from "../detectors/burst.ts";
import type { Flag } from "../flag.ts";
import { residual } from "../residual.ts";
import { SEASONAL_SERIES, STILL_SERIES } from "../series.ts";
import { type Closed, closedOf, type Down, downOf } from "./closed-ports.ts";
import { type Focus, focusOf } from "./focus.ts";
import { MEASURE_NAMES, MEASURES, type Measure } from "./measures.ts";
import { readSettings, type Settings } from "./settings.ts";
import {
  type KnownEvent,
  minutesOf,
  type NamespaceWindow,
  type ObservedInterval,
  type Surroundings,
} from "./window.ts";

/** All that the rules of the table look at, named once. Counts are increases over the whole window. */
export interface Evidence {
  readonly from: number;
  readonly to: number;
  readonly minutes: number;
  /** Intervals in the window, and those in which the accept queue overflowed. */
  readonly intervals: number;
  readonly overflowIntervals: number;
  /** 0 for a counter that the kernel lacks: absent from `known`. */
  readonly count: Readonly<Record<Measure, number>>;
  readonly known: ReadonlySet<Measure>;
  /** ListenDrops that neither overflows nor a full SYN queue explain. */
  readonly otherDrops: number;
  readonly loss: LossShare | null;
  /** Handshakes that were lost or delayed, about. */
  readonly lost: number;
  readonly focus: Focus | null;
  /** Listeners that are open, the one in focus included. */
  readonly openListeners: number;
  readonly listenersSeen: boolean;
  /** The listener of a service that was closed last, one that nobody replaced before others. */
  readonly closed: Closed | null;
  /** A port that is closed for so long that it is no restart, with the clients that were refused. */
  readonly down: Down | null;
  /** Connections that applications took from their accept queues: accepted, less what the queues grew by. */
  readonly taken: number;
  /** Accepted in the later half of the overflowing intervals; null without any. */
  readonly acceptedLately: number | null;
  /** Standard deviation of accepted per second over its mean, interval by interval; null for fewer than three. */
  readonly acceptedSpread: number | null;
  /** What would have been usual; null while no baseline is mature. */
  readonly usuallyAccepted: number | null;
  /** Outgoing connections opened in the first and the last third of the window. */
  readonly openedFirst: number;
  readonly openedLast: number;
  /** Connections established and in TIME_WAIT when they were most together. */
  readonly busiest: { readonly established: number; readonly timeWait: number };
  /** The newest; null where it is not shown. */
  readonly memoryPages: number | null;
  readonly settings: Settings;
  readonly kernel: string | null;
  readonly flags: readonly Flag[];
  readonly dataProblem: Flag | null;
  readonly silence: Flag | null;
  readonly deploy: KnownEvent | null;
  /**
   * How unusual a count is, as a residual. A counter that stands still on a healthy host is judged from 0 where
   * nothing was learned; null for another one.
   */
  readonly z: (measure: Measure) => number | null;
  readonly otherDropsZ: number;
}

/** A deploy explains what follows it for so long. */
const DEPLOY_MS = 300_000;
/** Sums that are read while they grow may be apart by so many. */
const SLACK = 4;

const EVENTS: ReadonlySet<string> = new Set(
  [...STILL_SERIES, ...SEASONAL_SERIES].filter(({ kind }) => kind === "event").map(({ name }) => name),
);

export function gatherEvidence(window: NamespaceWindow, around: Surroundings): Evidence {
  const { intervals, listeners } = window;
  const from = intervals[0]?.from ?? 0;
  const to = intervals.at(-1)?.to ?? 0;
  const minutes = minutesOf(intervals);
  const { count, known } = totals(intervals);
  const lost = lostOf(count);
  const inflators = count.embryonicResets + count.deferredAccepts;
  const open = listeners.filter(({ closedAt }) => closedAt === null);
  const grown = open.reduce((sum, { firstQueue, lastQueue }) => sum + lastQueue - firstQueue, 0);
  const otherDrops = count.drops - count.overflows - count.queueFullDrops;
  const overflowing = intervals.filter((one) => countIn(one, "overflows") > 0);
  const usuallyAccepted = around.usual.get(MEASURES.accepted);
  const zOf = (series: string, observed: number, over = minutes) => {
    const usual = around.usual.get(series);
    if (usual === undefined && !EVENTS.has(series)) return null;
    const expected = Math.max(usual?.perMinute ?? 0, PER_MINUTE_MIN) * over;
    return residual(observed, expected, usual?.dispersion ?? 0);
  };
  const third = Math.ceil(intervals.length / 3);
  const newest = intervals.at(-1);
  return {
    from,
    to,
    minutes,
    intervals: intervals.length,
    overflowIntervals: overflowing.length,
    count,
    known,
    otherDrops: otherDrops > SLACK ? otherDrops : 0,
    loss: lossShare(count.accepted, lost),
    lost: lost.lost,
    focus: focusOf(listeners, count.drops, inflators),
    openListeners: open.length,
    listenersSeen: window.listenersSeen,
    closed: closedOf(listeners, to),
    down: downOf(window, to, (resetsSent, over) => zOf(MEASURES.resetsSent, resetsSent, over)),
    taken: Math.max(0, count.accepted - grown),
    acceptedLately: overflowing.length === 0 ? null : sumOf(laterHalf(overflowing), "accepted"),
    acceptedSpread: spreadOf(intervals),
    usuallyAccepted: usuallyAccepted === undefined ? null : usuallyAccepted.perMinute * minutes,
    openedFirst: sumOf(intervals.slice(0, third), "opened"),
    openedLast: sumOf(intervals.slice(-third), "opened"),
    busiest: busiestOf(intervals),
    memoryPages: newest?.gauges.get("SockstatTCPMem") ?? null,
    settings: readSettings(around.sysctls),
    kernel: around.kernel,
    flags: around.flags,
    dataProblem: around.dataProblem,
    silence: around.silence,
    deploy:
      around.events.find(({ kind, at }) => kind === "deploy" && at >= from - DEPLOY_MS && at <= to) ?? null,
    z: (measure) => zOf(MEASURES[measure], count[measure]),
    otherDropsZ: zOf("other_listen_drops", otherDrops) ?? 0,
  };
}

function countIn({ increases }: ObservedInterval, measure: Measure): number {
  return increases.get(MEASURES[measure]) ?? 0;
}

function sumOf(intervals: readonly ObservedInterval[], measure: Measure): number {
  return intervals.reduce((sum, one) => sum + countIn(one, measure), 0);
}

function totals(intervals: readonly ObservedInterval[]): Pick<Evidence, "count" | "known"> {
  const entries = MEASURE_NAMES.map((measure) => [measure, sumOf(intervals, measure)] as const);
  const known = MEASURE_NAMES.filter((measure) =>
    intervals.some(({ increases }) => increases.has(MEASURES[measure])),
  );
  return { count: Object.fromEntries(entries) as Record<Measure, number>, known: new Set(known) };
}

function lostOf(count: Evidence["count"]): LostHandshakes {
  const { overflows, queueFullDrops, cookiesSent, cookiesReceived, cookiesFailed } = count;
  const drops = { listenOverflows: overflows, reqQFullDrop: queueFullDrops };
  return lostHandshakes({ ...drops, cookiesSent, cookiesReceived, cookiesFailed });
}

function busiestOf(intervals: readonly ObservedInterval[]): Evidence["busiest"] {
  let busiest = { established: 0, timeWait: 0 };
  for (const { gauges } of intervals) {
    const established = gauges.get("TcpCurrEstab") ?? 0;
    const timeWait = gauges.get("SockstatTCPTw") ?? 0;
    if (established + timeWait > busiest.established + busiest.timeWait) busiest = { established, timeWait };
  }
  return busiest;
}

function laterHalf<T>(all: readonly T[]): readonly T[] {
  return all.slice(Math.floor(all.length / 2));
}

function spreadOf(intervals: readonly ObservedInterval[]): number | null {
  if (intervals.length < 3) return null;
  const rates = intervals.map((one) => countIn(one, "accepted") / one.ratedMs);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  if (mean === 0) return null;
  return Math.sqrt(rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length) / mean;
}
