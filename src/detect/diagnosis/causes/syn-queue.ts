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
        `${counted(evidence, "queueFullCookies")}: the SYN queue is full, and ${percent(cookieRatio(evidence) ?? 0)} of ${plain(evidence.count.cookiesSent)} SYN cookies came back.`,
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
    `A SYN flood: ${plain(evidence.count.queueFullCookies)} SYNs in excess of the SYN queue, hardly a cookie came back. ${hasFallen(evidence) ? "Fewer connections than usual are accepted." : "SYN cookies hold it, and clients still connect."}`,
  remedies: () => [
    "Nothing has to be changed on the host while cookies hold. Filter the sources before it (load balancer, network, provider) if it lasts, for answering costs packets and processor time.",
    "Leave net.ipv4.tcp_syncookies at 1.",
  ],
};

/** Drops at the SYN queue are packets: two sums read a moment apart, or a few of another kind, do not matter. */
const ALL_SHARE = 0.9;

export const synQueueFull: Rule = {
  cause: "SYN_QUEUE_FULL",
  required: [
    {
      holds: ({ count }) => count.queueFullDrops > 0 && count.cookiesSent === 0,
      says: (evidence) => `${counted(evidence, "queueFullDrops")}, and no SYN cookie was sent.`,
      counter: "queueFullDrops",
    },
    {
      holds: ({ count, known }) =>
        !known.has("drops") || count.queueFullDrops >= ALL_SHARE * (count.drops - count.overflows),
      says: ({ count }) =>
        `They are the ${plain(count.drops - count.overflows)} drops that overflows do not explain.`,
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
  summary: (evidence) =>
    `The SYN queue is full and SYNs are dropped, since SYN cookies are ${evidence.settings.syncookies === 0 ? "off" : "not sent"}. ${lossWords(evidence)}`,
  remedies: ({ settings }) => [
    settings.syncookies === null || settings.syncookies === 0
      ? "Set net.ipv4.tcp_syncookies=1: with cookies a full SYN queue refuses nobody. While they are off, net.ipv4.tcp_max_syn_backlog bounds the queue too."
      : `net.ipv4.tcp_syncookies is ${settings.syncookies} here, and yet none was sent: look for the listener in another namespace, whose setting is its own.`,
  ],
};
