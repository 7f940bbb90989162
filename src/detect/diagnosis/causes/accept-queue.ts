import { backlogAdvice } from "../../../catalog/backlog-advice.ts";
import { plain } from "../../words.ts";
import {
  attributed,
  cookiesReturned,
  counted,
  listenerName,
  lossWords,
  overflowed,
  pinned,
  queueUnseen,
  synsSentAgain,
} from "../clues.ts";
import type { Evidence } from "../evidence.ts";
import { isPinned, isStuck } from "../focus.ts";
import type { Clue, Rule } from "../rule.ts";
import { isKernelFrom } from "../settings.ts";
import { isStanding } from "../standing.ts";

/** The three causes of a full accept queue. The queue over time tells them apart; the counters alone do not. */

/** Share of what would be usual below which nothing is taken, to speak of. */
const NOTHING_SHARE = 0.1;
/** The same of what was attempted, where nothing is known of what is usual. */
const NOTHING_OF_ATTEMPTS = 0.02;
const STEADY = 0.25;
const OLD_SOMAXCONN = 128;

/**
 * Whether the queue in focus says that nothing is taken from it, where PassiveOpens cannot: the kernel counts them
 * for all listeners together, and others go on accepting.
 */
function isStuckBesideOthers({ focus, openListeners }: Evidence): boolean {
  return openListeners > 1 && focus !== null && focus.attribution !== null && isStuck(focus.listener);
}

/** Whether the application took next to nothing from its queue, in the window or since it began to overflow. */
function takesNothing(evidence: Evidence): boolean {
  if (isStuckBesideOthers(evidence)) return true;
  const { acceptedLately, overflowIntervals } = evidence;
  // What was accepted while it overflowed counts only where there were two intervals to see it in.
  return tookNothing(evidence) || (overflowIntervals >= 2 && acceptedLately === 0);
}

/** The same of the whole window. */
function tookNothing(evidence: Evidence): boolean {
  const { taken, usuallyAccepted } = evidence;
  return (
    taken <=
    (usuallyAccepted === null ? NOTHING_OF_ATTEMPTS * attemptsOf(evidence) : NOTHING_SHARE * usuallyAccepted)
  );
}

/** Connections that were tried for, as far as drops tell. */
function attemptsOf({ count, loss }: Evidence): number {
  return loss === null || loss.share >= 1 ? count.accepted : count.accepted / (1 - loss.share);
}

/**
 * Full most of the time, or since it filled, or never seen to empty. Where no queue can be seen: overflowing most of the
 * time, or again and again with nothing accepted, for a queue that empties in between lets somebody in.
 */
function isFull(evidence: Evidence): boolean {
  const { focus, listenersSeen, intervals, overflowIntervals } = evidence;
  if (focus !== null) {
    const { listener } = focus;
    return isPinned(listener) || isStuck(listener) || isStanding(listener);
  }
  if (listenersSeen) return false;
  return overflowIntervals * 2 >= intervals || (overflowIntervals >= 2 && tookNothing(evidence));
}

const isStalled = (evidence: Evidence) => isFull(evidence) && takesNothing(evidence);

const full: Clue = {
  holds: isFull,
  says: (evidence) => {
    const listener = evidence.focus?.listener;
    if (listener !== undefined && !isPinned(listener) && !isStuck(listener)) return standingWords(evidence);
    if (listener !== undefined) return pinned.says(evidence);
    return `The queue overflowed in ${evidence.overflowIntervals} of ${evidence.intervals} intervals.`;
  },
  listener: true,
};

function standingWords(evidence: Evidence): string {
  const listener = evidence.focus?.listener;
  const { standing, limit = null, peakQueue = 0 } = listener ?? {};
  if (standing === undefined) return "";
  const { readings, leastQueue, samples, samplesFull } = standing;
  const of = limit === null ? `, and ${plain(peakQueue)} at its longest` : ` of ${plain(limit)}`;
  const found = limit === null ? "" : `; ${plain(samplesFull)} of ${plain(samples)} samples found it full`;
  return `${listenerName(evidence)} has a queue that does not empty: at the last ${readings} snapshots at least ${plain(leastQueue)} waited${of}${found}.`;
}

function stuckWords(evidence: Evidence): string {
  const { focus, count } = evidence;
  const samples = plain(focus?.listener.stuckSamples ?? 0);
  return `No place became free in its queue: the last ${samples} samples all found it full. The ${plain(count.accepted)} connections that were accepted are put down to the other listeners.`;
}

const severity = () => "INFO" as const;

/** What this kernel and its settings make of a full queue. */
function aboutThisKernel({ kernel, settings }: Evidence): string[] {
  const notes: string[] = [];
  if (settings.abortOnOverflow === true) {
    notes.push(
      "Set net.ipv4.tcp_abort_on_overflow back to 0: a client that is dropped tries again and may get in, one that is reset has failed.",
    );
  }
  if (isKernelFrom(kernel, 4, 10) === false) {
    notes.push(
      "This kernel is older than 4.10: it may take a SYN while the queue is full and refuse the last ACK, so that clients believe they are connected and wait. Do not compare its counts with those of newer ones.",
    );
  }
  return notes;
}

export const applicationStalled: Rule = {
  cause: "APPLICATION_STALLED",
  required: [
    overflowed,
    full,
    {
      holds: takesNothing,
      says: (evidence) =>
        isStuckBesideOthers(evidence)
          ? stuckWords(evidence)
          : `The application took ${plain(evidence.taken)} connections from its queue${evidence.acceptedLately === 0 ? ", and none since it overflows" : ""}.`,
      counter: "accepted",
    },
  ],
  supporting: [
    attributed,
    {
      holds: ({ count }) => count.drops === count.overflows,
      says: () => "All drops are of the accept queue.",
      counter: "drops",
    },
    synsSentAgain,
  ],
  contradicting: [queueUnseen],
  losesHandshakes: true,
  severity,
  summary: (evidence) =>
    `${listenerName(evidence)} accepts nothing: its process is stopped, blocked or in a long pause. ${lossWords(evidence)}`,
  remedies: (evidence) => [
    "See what the process does: stopped (state T in ps), in a deadlock or a long garbage collection, out of file descriptors, waiting for a dependency. A larger backlog will not help: it fills as well, and clients wait longer.",
    ...aboutThisKernel(evidence),
  ],
};

export const applicationSlow: Rule = {
  cause: "APPLICATION_SLOW",
  required: [
    overflowed,
    full,
    {
      holds: (evidence) => !isStalled(evidence),
      says: (evidence) => `It goes on accepting: ${counted(evidence, "accepted")}.`,
      counter: "accepted",
    },
  ],
  supporting: [
    {
      // Not required: an application with pauses accepts unevenly and is too slow all the same.
      holds: ({ acceptedSpread }) => (acceptedSpread === null ? null : acceptedSpread < STEADY),
      says: () => "It accepts at a steady pace, its own and not that of the clients.",
      counter: "accepted",
    },
    attributed,
    cookiesReturned,
    synsSentAgain,
  ],
  contradicting: [
    queueUnseen,
    {
      holds: ({ openListeners }) => openListeners > 1,
      says: ({ openListeners }) =>
        `${openListeners} listeners share these counters: this one may take less than it seems.`,
    },
  ],
  losesHandshakes: true,
  severity,
  summary: (evidence) => {
    const seconds = evidence.minutes * 60;
    return `${listenerName(evidence)} accepts ${plain(evidence.taken / seconds)} connections a second, and about ${plain(attemptsOf(evidence) / seconds)} come. ${lossWords(evidence)}`;
  },
  remedies: (evidence) => [
    "Make it accept faster: more workers or an accept loop of its own thread, less work before accept() is called again, a quicker dependency. A larger backlog will not help: the queue is full all the time, and would only make clients wait longer.",
    "Until then shed load before this host: fewer connections to it, or more hosts beside it.",
    ...aboutThisKernel(evidence),
  ],
};

export const acceptQueueTooSmall: Rule = {
  cause: "ACCEPT_QUEUE_TOO_SMALL",
  required: [
    overflowed,
    {
      holds: (evidence) => !isFull(evidence),
      says: (evidence) => {
        const listener = evidence.focus?.listener;
        if (listener === undefined) {
          return `The queue overflowed in ${evidence.overflowIntervals} of ${evidence.intervals} intervals.`;
        }
        const { lastQueue, samplesFull, samples, limit, peakQueue } = listener;
        if (limit === null) {
          return `Its limit cannot be seen from here. The queue held ${plain(peakQueue)} at its longest and ${plain(lastQueue)} at the last sample.`;
        }
        return `The queue empties again: it was full in ${plain(samplesFull)} of ${plain(samples)} samples, and held ${plain(lastQueue)} at the last.`;
      },
      listener: true,
    },
  ],
  supporting: [
    attributed,
    {
      holds: ({ intervals, overflowIntervals }) => intervals > 1 && overflowIntervals * 2 < intervals,
      says: ({ intervals, overflowIntervals }) =>
        `It overflowed in ${overflowIntervals} of ${intervals} intervals.`,
      counter: "overflows",
    },
    {
      holds: ({ count, usuallyAccepted }) =>
        usuallyAccepted === null ? null : count.accepted >= usuallyAccepted,
      says: (evidence) => `${counted(evidence, "accepted")}, no fewer than usual.`,
      counter: "accepted",
    },
    cookiesReturned,
  ],
  contradicting: [
    queueUnseen,
    {
      holds: ({ focus }) => focus?.listener.limit === null,
      says: () => "Without its limit it cannot be told how often it was full.",
      listener: true,
    },
    {
      holds: ({ focus }) =>
        focus !== null &&
        focus.listener.samplesFull * 4 >= focus.listener.samples &&
        focus.listener.samples >= 4,
      says: () => "The queue was full rather often for bursts alone.",
      listener: true,
    },
  ],
  losesHandshakes: true,
  severity,
  summary: (evidence) => {
    const limit = evidence.focus?.listener.limit ?? null;
    const of = limit === null ? "" : ` of ${plain(limit)}`;
    return `${listenerName(evidence)} keeps up, but its queue${of} is too short for bursts of connections, or for its pauses. ${lossWords(evidence)}`;
  },
  remedies: (evidence) => {
    const listener = evidence.focus?.listener;
    const advice = backlogAdvice({
      limit: listener?.limit ?? null,
      somaxconn: evidence.settings.somaxconn,
      // It overflowed, so the queue was full, whether or not a sample fell into that moment.
      peakQueue: (listener?.limit ?? 0) + 1,
      samplesFull: 1,
      samples: Math.max(listener?.samples ?? 0, 2),
      dropsRose: true,
    });
    return [
      advice ??
        `Raise the backlog in the application's listen() call, within net.core.somaxconn, then restart the listener: a running one keeps its limit. ${
          listener === undefined
            ? "Which listener it is, and its limit, could not be seen here."
            : `That could not be seen here; the queue held ${plain(listener.peakQueue)} at its longest.`
        }`,
      "It needs room for the most connections that come in a second times the longest pause of the application in seconds.",
      ...(listener?.limit === OLD_SOMAXCONN && isKernelFrom(evidence.kernel, 5, 4) === false
        ? ["128 is the somaxconn that kernels before 5.4 begin with; later ones begin with 4096."]
        : []),
      ...aboutThisKernel(evidence),
    ];
  },
};
