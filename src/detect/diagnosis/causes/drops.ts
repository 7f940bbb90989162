import { plain } from "../../words.ts";
import { counted, lossWords } from "../clues.ts";
import type { Evidence } from "../evidence.ts";
import type { Measure } from "../measures.ts";
import type { Rule } from "../rule.ts";
import { hasOtherDrops, refusesLastQuarter } from "./syn-queue.ts";

const UNUSUAL_Z = 6;
const COUNT_MIN = 5;

/** What the kernel counts when it has no memory for a connection; a single one says so. */
const OUT_OF_MEMORY: readonly Measure[] = ["abortsOnMemory", "memoryPressures"];
/** What it counts when one socket holds too much; a few are a slow reader. */
const SQUEEZED: readonly Measure[] = ["prunes", "prunedReceives", "receiveQueueDrops"];

const isUnusual = (evidence: Evidence, measure: Measure) => (evidence.z(measure) ?? 0) >= UNUSUAL_Z;

/**
 * The counters by which TCP is short of memory. A connection whose reader is slow is squeezed as well, with all the memory
 * there is: that is told only beside what says that memory is short.
 */
function memoryMeasures(evidence: Evidence): Measure[] {
  const { count } = evidence;
  const short = OUT_OF_MEMORY.filter((measure) => count[measure] > 0 && (evidence.z(measure) ?? 0) >= 3);
  if (short.length === 0 && isPressed(evidence) !== true) return [];
  return [
    ...short,
    ...SQUEEZED.filter((measure) => count[measure] >= COUNT_MIN && isUnusual(evidence, measure)),
  ];
}

function isPressed({ memoryPages, settings }: Evidence): boolean | null {
  if (memoryPages === null || settings.memoryPressurePages === null) return null;
  return memoryPages >= settings.memoryPressurePages;
}

export const memoryPressure: Rule = {
  cause: "MEMORY_PRESSURE",
  required: [
    {
      holds: (evidence) => memoryMeasures(evidence).length > 0 || isPressed(evidence) === true,
      says: (evidence) => {
        const measures = memoryMeasures(evidence);
        return measures.length === 0
          ? ""
          : `${measures.map((measure) => counted(evidence, measure)).join("; ")}.`;
      },
    },
  ],
  supporting: [
    {
      holds: isPressed,
      says: ({ memoryPages, settings }) =>
        `TCP holds ${plain(memoryPages ?? 0)} pages, and holds back from ${plain(settings.memoryPressurePages ?? 0)} on.`,
    },
    {
      holds: ({ otherDrops }) => otherDrops > 0,
      says: ({ otherDrops }) => `${plain(otherDrops)} ListenDrops that no full queue explains.`,
      counter: "drops",
    },
  ],
  contradicting: [
    {
      holds: (evidence) => {
        const pressed = isPressed(evidence);
        return pressed === null ? null : !pressed;
      },
      says: ({ memoryPages, settings }) =>
        `TCP holds ${plain(memoryPages ?? 0)} pages, below the ${plain(settings.memoryPressurePages ?? 0)} from which it holds back.`,
    },
  ],
  losesHandshakes: true,
  severity: ({ count }) => (count.abortsOnMemory > 0 ? "MAJOR" : "MINOR"),
  summary: ({ count }) =>
    `TCP is short of memory${count.abortsOnMemory > 0 ? `, and ${plain(count.abortsOnMemory)} connections were aborted for it` : ""}.`,
  remedies: () => [
    "Find who holds the buffers: `ss -tm` shows them socket by socket; usual causes are many connections whose peers read slowly, and many orphans.",
    "Where the host has memory to spare, raise net.ipv4.tcp_mem; otherwise lower net.ipv4.tcp_rmem and tcp_wmem, or serve fewer connections.",
  ],
};

/** Drops of a listener that no queue and no lack of memory explains. */
export const otherListenDrops: Rule = {
  cause: "OTHER_LISTEN_DROPS",
  required: [
    {
      holds: (evidence) => hasOtherDrops(evidence) && !refusesLastQuarter(evidence),
      says: ({ otherDrops, count }) =>
        `${plain(otherDrops)} of ${plain(count.drops)} ListenDrops are neither overflows nor of a full SYN queue.`,
      counter: "drops",
    },
  ],
  supporting: [],
  contradicting: [],
  losesHandshakes: true,
  severity: () => "MINOR",
  summary: (evidence) =>
    `${plain(evidence.otherDrops)} packets of handshakes were refused, and no queue was full. ${evidence.count.overflows > 0 ? lossWords(evidence) : ""}`.trim(),
  remedies: () => [
    "Look for a missing route back to the clients (`ip route get` their address), and for a security module or a BPF program that refuses them. No trace names the reason of a SYN that is refused: capture what comes in and is not answered (`tcpdump 'tcp[tcpflags] & tcp-syn != 0'`) and see whose it is.",
  ],
};
