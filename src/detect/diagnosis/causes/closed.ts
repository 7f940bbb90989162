import { plain, span } from "../../words.ts";
import { counted } from "../clues.ts";
import type { Evidence } from "../evidence.ts";
import { nameOf } from "../focus.ts";
import { RESTART_MS } from "../restarts.ts";
import type { Clue, Rule } from "../rule.ts";
import { isKernelFrom } from "../settings.ts";

/** What a restart brings about is over soon: what is unusual later has another cause. */
const AFTERMATH_MS = 120_000;
/** Fewer resets are no clients that come in vain, where nothing is known of what is usual. */
const RESETS_MIN = 5;
const UNUSUAL_Z = 6;

/** Whether clients of a port that is down are refused, whatever was closed since. */
function isDown({ down }: Evidence): boolean {
  if (down === null) return false;
  const { count, z } = down.refused;
  return z === null ? count >= RESETS_MIN : z >= UNUSUAL_Z;
}

const wasClosed: Clue = {
  holds: (evidence) => {
    const { closed } = evidence;
    if (closed === null || isDown(evidence)) return false;
    return closed.backMs === null ? closed.goneMs < RESTART_MS : closed.backMs < AFTERMATH_MS;
  },
  says: ({ closed }) => {
    if (closed === null) return "";
    const name = nameOf(closed.listener);
    if (closed.backMs !== null) return `The listener ${name} was closed, and one was opened on its port.`;
    return closed.goneMs === 0
      ? `The listener ${name} was closed since the snapshot before.`
      : `The listener ${name} was closed, at least ${span(closed.goneMs)} ago.`;
  },
};

const queueWasReset: Clue = {
  holds: ({ closed, count }) => {
    const queued = closed?.listener.lastQueue ?? 0;
    return queued > 0 && count.resets >= queued && count.resetsSent >= count.resets;
  },
  says: ({ closed, count }) =>
    `${plain(closed?.listener.lastQueue ?? 0)} connections were waiting in its queue, and ${plain(count.resets)} were reset.`,
  counter: "resets",
};

const deployRecorded: Clue = {
  holds: ({ deploy }) => deploy !== null,
  says: ({ deploy }) => `A deploy was recorded: ${deploy?.title ?? ""}.`,
};

/** An application was restarted: what waited in its queue was reset. */
export const restart: Rule = {
  cause: "RESTART",
  required: [wasClosed],
  supporting: [
    queueWasReset,
    deployRecorded,
    {
      holds: ({ count }) => count.resetsSent > count.resets,
      says: (evidence) => `${counted(evidence, "resetsSent")}: clients were refused meanwhile.`,
      counter: "resetsSent",
    },
  ],
  contradicting: [],
  severity: () => "INFO",
  summary: ({ closed, count }) => {
    const name = closed === null ? "A listener" : `The listener ${nameOf(closed.listener)}`;
    const queued = closed?.listener.lastQueue ?? 0;
    const reset =
      queued > 0
        ? `the ${plain(queued)} connections that waited in its queue were reset`
        : `${plain(count.resets)} connections were reset`;
    return `${name} was closed${typeof closed?.backMs === "number" ? " and opened again" : ""}: ${reset}.`;
  },
  remedies: ({ kernel }) => [
    "Drain before closing: stop new work at the load balancer, accept what is queued, then close; or hand the socket to the next process (socket activation, SO_REUSEPORT).",
    ...(isKernelFrom(kernel, 5, 14) === true
      ? [
          "With SO_REUSEPORT, net.ipv4.tcp_migrate_req=1 moves what waits in a closed listener's queue to another listener of the port.",
        ]
      : []),
  ],
};

/** The port is closed and clients still come. */
export const serviceDown: Rule = {
  cause: "SERVICE_DOWN",
  required: [
    {
      holds: ({ down }) => down !== null,
      says: ({ down }) =>
        down === null
          ? ""
          : `Nothing listens on port ${down.listener.port} since ${span(down.goneMs)}; ${nameOf(down.listener)} was closed.`,
    },
    {
      holds: isDown,
      says: (evidence) => `${counted(evidence, "resetsSent")}: who comes to a closed port is refused by one.`,
      counter: "resetsSent",
    },
  ],
  supporting: [
    {
      holds: ({ count }) => count.accepted === 0,
      says: () => "No connection was accepted.",
      counter: "accepted",
    },
    deployRecorded,
  ],
  contradicting: [
    {
      holds: ({ count, usuallyAccepted }) =>
        usuallyAccepted === null ? null : count.accepted > 0.5 * usuallyAccepted,
      says: (evidence) => `${counted(evidence, "accepted")}: other listeners go on.`,
      counter: "accepted",
    },
  ],
  severity: () => "CRITICAL",
  summary: ({ down, count, minutes }) =>
    `Nothing listens on port ${down?.listener.port ?? 0} any more, and who comes is refused: the host sent ${plain(count.resetsSent)} resets in ${span(minutes * 60_000)}.`,
  remedies: () => [
    "Start the application again and see why it ended: its own log, the journal of its unit, the out-of-memory killer (`dmesg`).",
  ],
};
