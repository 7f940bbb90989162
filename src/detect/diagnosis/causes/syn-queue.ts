import { type FloodCounts, floodSignature } from "../../detectors/syn-flood.ts";
import { percent, plain } from "../../words.ts";
import { acceptsAsUsual, cookieRatio, counted, lossWords, synsSentAgain } from "../clues.ts";
import type { Evidence } from "../evidence.ts";
import type { Rule } from "../rule.ts";

/** Connections that became so few that the flood does harm. */
const FALLEN_Z = -5;

function floodOf({ from, to, minutes, count }: Evidence): ReturnType<typeof floodSignature> {
  const counts: FloodCounts = {
    ...count,
    from,
    to,
    ratedMs: minutes * 60_000,
    passiveOpens: count.accepted,
    listenDrops: count.drops,
  };
  return floodSignature(counts);
}

const hasFallen = (evidence: Evidence) => (evidence.z("accepted") ?? 0) <= FALLEN_Z;

export const synFlood: Rule = {
  cause: "SYN_FLOOD",
  required: [
    {
      holds: (evidence) => floodOf(evidence) === "cookies",
      says: (evidence) =>
        `${counted(evidence, "queueFullCookies")}: ${evidence.settings.syncookies === 2 ? "each SYN is answered by a cookie (net.ipv4.tcp_syncookies is 2)" : "the SYN queue is full"}, and ${percent(cookieRatio(evidence) ?? 0)} of ${plain(evidence.count.cookiesSent)} SYN cookies came back.`,
      counter: "queueFullCookies",
    },
  ],
  supporting: [
    {
      holds: ({ count }) => count.overflows === 0 && count.drops === 0,
      says: () => "Nothing was dropped: the cookies hold.",
      counter: "drops",
    },
    acceptsAsUsual,
    synsSentAgain,
  ],
  contradicting: [
    {
      holds: ({ count }) => count.overflows > 0,
      says: (evidence) => `${counted(evidence, "overflows")}: the accept queue is full as well.`,
      counter: "overflows",
    },
  ],
  severity: (evidence) => (hasFallen(evidence) ? "MAJOR" : "INFO"),
  summary: (evidence) =>
    `A SYN flood: ${plain(evidence.count.queueFullCookies)} SYNs answered by cookies, of which hardly any came back. ${hasFallen(evidence) ? "Fewer connections than usual are accepted." : "SYN cookies hold it, and clients still connect."}`,
  remedies: () => [
    "Nothing has to be changed on the host while cookies hold. Filter the sources before it (load balancer, network, provider) if it lasts, for answering costs packets and processor time.",
    "Leave net.ipv4.tcp_syncookies on.",
  ],
};

const OTHER_MIN = 5;
const UNUSUAL_Z = 6;

/** Unusually many drops of listeners that neither a full queue nor a full SYN queue explains. */
export function hasOtherDrops({ otherDrops, otherDropsZ }: Evidence): boolean {
  return otherDrops >= OTHER_MIN && otherDropsZ >= UNUSUAL_Z;
}

/**
 * Whether drops without a reason are those of the last quarter of net.ipv4.tcp_max_syn_backlog: while SYN cookies are
 * off the kernel keeps it for clients that it knows, and refuses others without a counter of its own.
 *
 * Source: tcp_conn_request, net/ipv4/tcp_input.c.
 */
export function refusesLastQuarter(evidence: Evidence): boolean {
  return evidence.settings.syncookies === 0 && hasOtherDrops(evidence);
}

/** Drops at the SYN queue are packets: two sums read a moment apart, or a few of another kind, do not matter. */
const ALL_SHARE = 0.9;

export const synQueueFull: Rule = {
  cause: "SYN_QUEUE_FULL",
  required: [
    {
      holds: (evidence) =>
        (evidence.count.queueFullDrops > 0 || refusesLastQuarter(evidence)) &&
        evidence.count.cookiesSent === 0,
      says: (evidence) =>
        evidence.count.queueFullDrops > 0
          ? `${counted(evidence, "queueFullDrops")}, and no SYN cookie was sent.`
          : "No SYN cookie was sent.",
      counter: "queueFullDrops",
    },
    {
      holds: (evidence) => {
        const { count, known } = evidence;
        return (
          !known.has("drops") ||
          count.queueFullDrops >= ALL_SHARE * (count.drops - count.overflows) ||
          refusesLastQuarter(evidence)
        );
      },
      says: (evidence) => {
        const { count, otherDrops } = evidence;
        return refusesLastQuarter(evidence)
          ? `${plain(otherDrops)} ListenDrops have no counter of their own: while cookies are off, the last quarter of net.ipv4.tcp_max_syn_backlog is kept for clients that the kernel knows.`
          : `They are the ${plain(count.drops - count.overflows)} drops that overflows do not explain.`;
      },
      counter: "drops",
    },
  ],
  supporting: [
    {
      holds: ({ settings }) => (settings.syncookies === null ? null : settings.syncookies === 0),
      says: () => "net.ipv4.tcp_syncookies is 0.",
    },
    {
      holds: (evidence) => floodOf(evidence) === "drops",
      says: (evidence) =>
        `For each connection made ${plain(evidence.count.queueFullDrops / Math.max(1, evidence.count.accepted))} SYNs were dropped: this looks like a flood.`,
      counter: "queueFullDrops",
    },
    synsSentAgain,
  ],
  contradicting: [acceptsAsUsual],
  losesHandshakes: true,
  severity: () => "MINOR",
  summary: (evidence) => {
    const why = `since SYN cookies are ${evidence.settings.syncookies === 0 ? "off" : "not sent"}`;
    // Of drops without a counter of their own no share is told: they may be of other reasons.
    return evidence.count.queueFullDrops === 0
      ? `The SYN queue is nearly full and SYNs are dropped, ${why}: ${plain(evidence.otherDrops)}.`
      : `The SYN queue is full and SYNs are dropped, ${why}. ${lossWords(evidence)}`;
  },
  remedies: ({ settings }) => [
    settings.syncookies === null || settings.syncookies === 0
      ? "Set net.ipv4.tcp_syncookies=1: with cookies a full SYN queue refuses nobody. While they are off, net.ipv4.tcp_max_syn_backlog bounds the queue too."
      : `net.ipv4.tcp_syncookies is ${settings.syncookies} here, and yet none was sent: look for the listener in another namespace, whose setting is its own.`,
  ],
};
