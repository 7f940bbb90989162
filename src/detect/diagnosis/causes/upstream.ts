import { percent, plain } from "../../words.ts";
import { counted } from "../clues.ts";
import type { Evidence } from "../evidence.ts";
import type { Clue, Rule } from "../rule.ts";

const UNUSUAL_Z = 6;
const FAILED_SHARE = 0.05;
const RETRIED_SHARE = 0.3;
/** Of fewer outgoing connections no share is told. */
const OPENED_MIN = 5;

const moreOpened: Clue = {
  holds: (evidence) => {
    const z = evidence.z("opened");
    return z === null ? null : z >= 3;
  },
  says: (evidence) => `${counted(evidence, "opened")}, more than usual: it is tried again and again.`,
  counter: "opened",
};

/** Most of what was sent again are SYNs: data that was lost is another matter. */
const mostlySyns = ({ count }: Evidence) => count.synRetransmits >= 0.8 * count.retransmits;

export const upstreamRefusing: Rule = {
  cause: "UPSTREAM_REFUSING",
  required: [
    {
      holds: (evidence) =>
        evidence.count.opened > 0 &&
        evidence.count.attemptsFailed >= FAILED_SHARE * evidence.count.opened &&
        evidence.count.attemptsFailed >= OPENED_MIN &&
        (evidence.z("attemptsFailed") ?? 0) >= UNUSUAL_Z,
      says: ({ count }) =>
        `${plain(count.attemptsFailed)} of ${plain(count.opened)} outgoing connections failed (${percent(count.attemptsFailed / count.opened)}).`,
      counter: "attemptsFailed",
    },
    {
      holds: ({ count }) => count.embryonicResets < 0.2 * count.attemptsFailed,
      says: () => "They are no incoming handshakes that were reset.",
      counter: "embryonicResets",
    },
    {
      holds: ({ count }) => count.synRetransmits < 0.2 * count.opened,
      says: () => "They failed at once: a reset came back, not silence.",
      counter: "synRetransmits",
    },
  ],
  supporting: [
    moreOpened,
    {
      holds: ({ count }) => count.resetsSent === 0,
      says: () => "This host sent no reset.",
      counter: "resetsSent",
    },
  ],
  contradicting: [],
  severity: ({ count }) => (count.attemptsFailed >= 0.5 * count.opened ? "MAJOR" : "MINOR"),
  summary: ({ count }) =>
    `A service that this host calls refuses connections: ${percent(count.attemptsFailed / count.opened)} of ${plain(count.opened)} failed at once.`,
  remedies: () => [
    "See which peer refuses: the application's log names it, or `tcpdump -n 'tcp[tcpflags] & tcp-rst != 0'` while it goes on. Its process has ended, it listens on another port or address, or a firewall rejects.",
  ],
};

export const upstreamUnreachable: Rule = {
  cause: "UPSTREAM_UNREACHABLE",
  required: [
    {
      holds: ({ count }) =>
        count.opened >= OPENED_MIN && count.synRetransmits >= RETRIED_SHARE * count.opened,
      says: ({ count }) =>
        `${plain(count.synRetransmits)} SYNs were sent again for ${plain(count.opened)} outgoing connections.`,
      counter: "synRetransmits",
    },
    { holds: mostlySyns, says: () => "Hardly any data was sent again.", counter: "retransmits" },
    {
      holds: ({ count }) => count.queueFullCookies + count.queueFullDrops === 0,
      says: () => "The SYN queue was not full, so these are not answers to a flood.",
    },
  ],
  supporting: [
    {
      holds: ({ count }) => count.abortsOnTimeout > 0,
      says: (evidence) => `${counted(evidence, "abortsOnTimeout")}.`,
      counter: "abortsOnTimeout",
    },
    {
      holds: ({ count }) => count.timeouts > 0,
      says: (evidence) => `${counted(evidence, "timeouts")}.`,
      counter: "timeouts",
    },
    {
      holds: ({ count }) => count.attemptsFailed === 0,
      says: () => "No attempt counts as failed: the application gives up before the kernel does.",
      counter: "attemptsFailed",
    },
    moreOpened,
  ],
  contradicting: [
    {
      holds: ({ count }) => count.accepted > 5 * count.opened || count.overflows > 0,
      says: ({ count }) =>
        count.overflows > 0
          ? "The accept queue overflowed, and handshakes that wait for it are sent again too."
          : `${plain(count.accepted)} connections came in: SYN-ACKs to clients count as well.`,
      counter: "accepted",
    },
  ],
  severity: ({ count }) => (count.synRetransmits >= count.opened ? "MAJOR" : "MINOR"),
  summary: ({ count }) =>
    `A service that this host calls does not answer: ${plain(count.synRetransmits)} SYNs were sent again for ${plain(count.opened)} connections.`,
  remedies: () => [
    "See which peer it is (`ss -tn state syn-sent`), then look there: a firewall that drops, a wrong route, a host that is gone, or a full accept queue, which is dropped in silence. If the peer reports to Spillway, look at its own incidents.",
  ],
};
