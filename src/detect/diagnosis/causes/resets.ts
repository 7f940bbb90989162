import { percent, plain } from "../../words.ts";
import { counted } from "../clues.ts";
import type { Evidence } from "../evidence.ts";
import type { Clue, Rule } from "../rule.ts";

const UNUSUAL_Z = 6;
const COUNT_MIN = 10;
const SHARE_MIN = 0.2;
const SCAN_PER_MINUTE = 20;
const SCAN_MIN = 10;

const aborts = ({ count }: Evidence) => count.abortsOnClose + count.abortsOnData;

/** Unusual, or nothing is known of what is usual. */
const maybeUnusual = (z: number | null) => z === null || z >= UNUSUAL_Z;

export const inboundScan: Rule = {
  cause: "INBOUND_SCAN",
  required: [
    {
      holds: (evidence) => isHalfOpenScan(evidence) || isClosedPortScan(evidence),
      says: (evidence) =>
        isHalfOpenScan(evidence)
          ? `${counted(evidence, "embryonicResets")}: handshakes were begun and reset, and ${plain(evidence.count.opened)} connections went out that could have failed instead.`
          : `${counted(evidence, "resetsSent")} while hardly a connection was made: they answer packets to closed ports.`,
      counter: "attemptsFailed",
    },
  ],
  supporting: [
    {
      holds: ({ count }) => count.overflows === 0 && count.drops === 0,
      says: () => "No listener refused anybody.",
      counter: "drops",
    },
  ],
  contradicting: [
    {
      holds: ({ closed }) => closed !== null && closed.backMs === null,
      says: ({ closed }) => `Port ${closed?.listener.port ?? 0} was closed: its clients may be all of them.`,
    },
  ],
  severity: () => "INFO",
  summary: (evidence) =>
    isHalfOpenScan(evidence)
      ? `Handshakes are begun and reset (${plain(evidence.count.embryonicResets)}): a scan, or a health check that does not finish its handshake.`
      : `Packets come to ports that are closed (${plain(evidence.count.resetsSent)} resets sent): a scan, or clients of something that is not there.`,
  remedies: () => [
    "Nothing has to be done for the host's sake. If it is a health check, let it finish the handshake; if it is a scan from outside, see why the firewall lets it through.",
  ],
};

function isHalfOpenScan(evidence: Evidence): boolean {
  const { attemptsFailed, embryonicResets, opened } = evidence.count;
  return (
    attemptsFailed >= Math.max(SCAN_MIN, SCAN_PER_MINUTE * evidence.minutes) &&
    embryonicResets >= 0.8 * attemptsFailed &&
    opened <= 0.1 * attemptsFailed &&
    (evidence.z("attemptsFailed") ?? 0) >= UNUSUAL_Z
  );
}

function isClosedPortScan(evidence: Evidence): boolean {
  const { resetsSent, accepted, resets, attemptsFailed, opened } = evidence.count;
  return (
    resetsSent >= Math.max(SCAN_MIN, SCAN_PER_MINUTE * evidence.minutes) &&
    resetsSent >= 5 * (accepted + resets) &&
    attemptsFailed + opened <= 0.1 * resetsSent &&
    maybeUnusual(evidence.z("resetsSent"))
  );
}

const manyResets: Clue = {
  holds: (evidence) => {
    const { resets, accepted } = evidence.count;
    return resets >= COUNT_MIN && resets >= SHARE_MIN * accepted && maybeUnusual(evidence.z("resets"));
  },
  says: ({ count }) =>
    count.accepted === 0
      ? `${plain(count.resets)} connections ended by a reset.`
      : `${plain(count.resets)} connections ended by a reset, for ${plain(count.accepted)} accepted.`,
  counter: "resets",
};

export const clientAborts: Rule = {
  cause: "CLIENT_ABORTS",
  required: [
    manyResets,
    {
      holds: (evidence) =>
        evidence.count.resetsSent < 0.3 * evidence.count.resets &&
        aborts(evidence) < 0.3 * evidence.count.resets,
      says: ({ count }) =>
        `This host sent ${plain(count.resetsSent)} resets, so the others came from clients.`,
      counter: "resetsSent",
    },
  ],
  supporting: [
    {
      holds: ({ count }) => count.overflows > 0,
      says: () => "The accept queue overflowed in the same time: clients give up what takes too long.",
      counter: "overflows",
    },
  ],
  contradicting: [],
  // A client that does not read the reply resets a healthy server's connections, one by one: never more than a note.
  severity: () => "INFO",
  summary: ({ count }) =>
    `Clients reset connections: ${plain(count.resets)} for ${plain(count.accepted)} accepted.`,
  remedies: () => [
    "Look for slow replies just before: clients with a timeout give up by a reset. Clients that close without reading the reply do it all the time, and harm nobody.",
  ],
};

export const localAborts: Rule = {
  cause: "LOCAL_ABORTS",
  required: [
    manyResets,
    {
      holds: (evidence) =>
        aborts(evidence) >= 0.5 * evidence.count.resets &&
        evidence.count.resetsSent >= 0.5 * evidence.count.resets,
      says: (evidence) =>
        `${percent(Math.min(1, aborts(evidence) / evidence.count.resets))} of them are this host's own: ${counted(evidence, "abortsOnClose")}, ${counted(evidence, "abortsOnData")}.`,
      counter: "abortsOnClose",
    },
  ],
  supporting: [
    {
      holds: ({ count }) => count.abortsOnClose >= count.abortsOnData,
      says: () => "Most were closed with data that was not read.",
      counter: "abortsOnClose",
    },
  ],
  contradicting: [],
  severity: () => "MINOR",
  summary: ({ count }) =>
    `An application on this host resets its own connections: ${plain(count.abortsOnClose)} were closed with unread data, ${plain(count.abortsOnData)} got data after the close or were closed with SO_LINGER 0.`,
  remedies: () => [
    "Let it read a request to its end before it closes, or shut down its side first and drain; do not set SO_LINGER to 0. Clients see a reset instead of the reply.",
  ],
};
