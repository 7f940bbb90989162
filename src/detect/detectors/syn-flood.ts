import type { Flag } from "../flag.ts";
import { percent, plain, span } from "../words.ts";

/** Increases of one namespace over one rated span of time; a counter that the kernel lacks is 0. */
export interface FloodCounts {
  readonly from: number;
  readonly to: number;
  readonly ratedMs: number;
  /** TcpExtTCPReqQFullDoCookies, TcpExtTCPReqQFullDrop: SYNs that found the SYN queue full. */
  readonly queueFullCookies: number;
  readonly queueFullDrops: number;
  /** TcpExtSyncookiesSent, TcpExtSyncookiesRecv */
  readonly cookiesSent: number;
  readonly cookiesReceived: number;
  /** TcpPassiveOpens */
  readonly passiveOpens: number;
  /** TcpExtListenDrops */
  readonly listenDrops: number;
  /** TcpExtTCPSynRetrans */
  readonly synRetransmits: number;
}

/** SYNs a minute that find the queue full: fewer are no flood. */
const PER_MINUTE_MIN = 100;
/** And so many for each connection that was made. */
const PER_CONNECTION_MIN = 5;
/** Share of cookies that come back: 0.015 in a flood, 2 with honest clients, measured. */
const FLOOD_COOKIES = 0.2;
/** More than the one interval of an agent of 10 s. */
const SPAN_MIN_MS = 15_000;
/** With cookies off: nearly all drops are of the SYN queue. */
const QUEUE_SHARE = 0.9;

/**
 * Whether the counts look like a SYN flood: `cookies` where the kernel answers with SYN cookies and holds,
 * `drops` where cookies are off and the SYN queue is full of half-open connections.
 *
 * Cookies alone prove nothing. The SYN queue has the accept queue's limit, so an honest burst on a small backlog
 * sends cookies too; but those come back.
 */
export function floodSignature(counts: FloodCounts): "cookies" | "drops" | null {
  const { queueFullCookies, queueFullDrops, cookiesSent, cookiesReceived, listenDrops } = counts;
  const refused = queueFullCookies + queueFullDrops;
  const atLeast = Math.max(
    PER_MINUTE_MIN * (counts.ratedMs / 60_000),
    PER_CONNECTION_MIN * counts.passiveOpens,
  );
  if (counts.ratedMs <= 0 || refused < atLeast) return null;
  if (cookiesSent > 0) return cookiesReceived < FLOOD_COOKIES * cookiesSent ? "cookies" : null;
  return queueFullDrops > QUEUE_SHARE * listenDrops && counts.synRetransmits > 0 ? "drops" : null;
}

/**
 * The SYN flood signature over the time that is known of a minute, once that is more than one interval: a moment in
 * which a queue was full is no flood. Of a minute that is not over SYNs sent again are not known, and 0: a flood with
 * cookies off is then told by its drops alone, as a burst.
 */
export function judgeSynFlood(counts: FloodCounts): Flag | null {
  const kind = floodSignature(counts);
  if (kind === null || counts.ratedMs < SPAN_MIN_MS) return null;
  const refused = counts.queueFullCookies + counts.queueFullDrops;
  const usual = (PER_MINUTE_MIN * counts.ratedMs) / 60_000;
  const answer =
    kind === "cookies"
      ? `${percent(counts.cookiesReceived / counts.cookiesSent)} of the ${plain(counts.cookiesSent)} SYN cookies sent came back`
      : `SYN cookies are off and ${plain(counts.queueFullDrops)} were dropped`;
  const each =
    counts.passiveOpens === 0 ? "" : `, ${plain(refused / counts.passiveOpens)} for each connection made`;
  return {
    detector: "syn_flood",
    series: kind === "cookies" ? "TcpExtTCPReqQFullDoCookies" : "TcpExtTCPReqQFullDrop",
    from: counts.from,
    to: counts.to,
    observed: refused,
    expected: 0,
    low: 0,
    high: usual,
    // How far over its own bound: no distribution is behind this rule.
    z: refused / usual,
    share: null,
    text: `${plain(refused)} SYNs found the SYN queue full in ${span(counts.ratedMs)}${each}; ${answer}.`,
  };
}
