import { percent, plain, span } from "../words.ts";
import type { Evidence } from "./evidence.ts";
import { isPinned, nameOf } from "./focus.ts";
import { MEASURES, type Measure } from "./measures.ts";
import type { Clue } from "./rule.ts";

/** Clues that several causes share, and the words for what they are about. */

/** `1,138 ListenOverflows in 60 s` */
export function counted(evidence: Evidence, measure: Measure): string {
  const name = MEASURES[measure].replace(/^(TcpExt|Tcp)/, "");
  return `${plain(evidence.count[measure])} ${name} in ${span(evidence.minutes * 60_000)}`;
}

/** `The listener 0.0.0.0:8080 (nginx)`, or what can be said where none is known. */
export function listenerName({ focus }: Evidence): string {
  return focus === null ? "A listener of this namespace" : `The listener ${nameOf(focus.listener)}`;
}

/** `About 56 % of new connections were lost or delayed by a second or more (45 % to 100 %).` */
export function lossWords(evidence: Evidence): string {
  const { loss, usuallyAccepted, count, overflowIntervals } = evidence;
  if (loss === null || loss.share === 0) return "No handshake was lost.";
  // A client has sent few SYNs yet in the first interval of a stall, so that more clients are behind as many drops.
  const about = overflowIntervals === 1 && evidence.intervals > 1 ? "At least" : "About";
  const [low, high] = [percent(loss.low), percent(loss.high)];
  const range = low === high ? "" : ` (${low} to ${high})`;
  const short =
    usuallyAccepted === null || usuallyAccepted < 50 || count.accepted >= usuallyAccepted
      ? ""
      : `, and ${percent(1 - count.accepted / usuallyAccepted)} fewer than usual were accepted`;
  return `${about} ${percent(loss.share)} of new connections were lost or delayed by a second or more${range}${short}.`;
}

/** SYN cookies that came back, for each that was sent; null when none was sent. */
export function cookieRatio({ count }: Evidence): number | null {
  return count.cookiesSent === 0 ? null : count.cookiesReceived / count.cookiesSent;
}

/** Above this cookies are honest clients', below the other they are a flood's. */
const HONEST = 0.5;

export const overflowed: Clue = {
  holds: ({ count }) => count.overflows > 0,
  says: (evidence) => `${counted(evidence, "overflows")}: SYNs and last ACKs found the accept queue full.`,
  counter: "overflows",
};

export const pinned: Clue = {
  // Where the queue cannot be seen it cannot be told; others then decide by what was accepted.
  holds: ({ focus, listenersSeen }) =>
    focus === null ? (listenersSeen ? false : null) : isPinned(focus.listener),
  says: (evidence) => {
    const listener = evidence.focus?.listener;
    if (listener === undefined) return "";
    const { limit, samplesFull, samples, lastQueue } = listener;
    const of = limit === null ? "" : ` of ${plain(limit)}`;
    return `${listenerName(evidence)} had a full queue in ${plain(samplesFull)} of ${plain(samples)} samples; at the last, ${plain(lastQueue)} waited${of}.`;
  },
  listener: true,
};

export const queueUnseen: Clue = {
  holds: ({ focus }) => focus === null || focus.listener.samples === 0,
  says: () => "No queue was seen, so this rests on counters alone.",
};

export const cookiesReturned: Clue = {
  holds: (evidence) => {
    const ratio = cookieRatio(evidence);
    return ratio === null ? null : ratio >= HONEST;
  },
  says: ({ count }) =>
    `${plain(count.cookiesReceived)} SYN cookies came back for ${plain(count.cookiesSent)} sent: these are clients and no flood.`,
  counter: "cookiesReceived",
};

export const synsSentAgain: Clue = {
  holds: ({ count }) => count.synRetransmits > 0,
  says: (evidence) => `${counted(evidence, "synRetransmits")}: handshakes are waited for.`,
  counter: "synRetransmits",
};

export const attributed: Clue = {
  holds: ({ focus }) => (focus?.attribution?.share ?? 0) >= 0.5,
  says: (evidence) => {
    const attribution = evidence.focus?.attribution;
    if (attribution === null || attribution === undefined) return "";
    return `${listenerName(evidence)} is behind ${percent(attribution.share)} of the drops, with a confidence of ${percent(attribution.confidence)}: ${attribution.note}`;
  },
  listener: true,
};

/** Accepted no less than usual; null while nothing was learned. */
export const acceptsAsUsual: Clue = {
  holds: (evidence) => {
    const z = evidence.z("accepted");
    return z === null ? null : Math.abs(z) < 5;
  },
  says: (evidence) => `${counted(evidence, "accepted")}, about as many as usual.`,
  counter: "accepted",
};
