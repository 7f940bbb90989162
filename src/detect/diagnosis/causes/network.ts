import { percent, plain, span } from "../../words.ts";
import { counted } from "../clues.ts";
import type { Evidence } from "../evidence.ts";
import type { Rule } from "../rule.ts";

const SEGMENTS_MIN = 1_000;
const LOST_SHARE = 0.01;
const HANDSHAKES_MIN = 20;
const HANDSHAKES_SHARE = 0.2;
const PORTS_SHARE = 0.8;
const FALLEN_Z = -5;

const dataAgain = ({ count }: Evidence) => Math.max(0, count.retransmits - count.synRetransmits);

function losesData(evidence: Evidence): boolean {
  const { segmentsSent } = evidence.count;
  return segmentsSent >= SEGMENTS_MIN && dataAgain(evidence) >= LOST_SHARE * segmentsSent;
}

/** SYN-ACKs sent again for connections that were made in the end, with room in every queue. */
function losesHandshakes({ count, otherDrops }: Evidence): boolean {
  const { accepted, synRetransmits, opened, overflows, queueFullCookies, queueFullDrops } = count;
  return (
    accepted >= HANDSHAKES_MIN &&
    synRetransmits >= HANDSHAKES_SHARE * accepted &&
    opened <= HANDSHAKES_SHARE * accepted &&
    overflows + queueFullCookies + queueFullDrops + otherDrops === 0
  );
}

export const pathLoss: Rule = {
  cause: "PATH_LOSS",
  required: [
    {
      holds: (evidence) => losesData(evidence) || losesHandshakes(evidence),
      says: (evidence) =>
        losesData(evidence)
          ? `${plain(dataAgain(evidence))} of ${plain(evidence.count.segmentsSent)} segments were sent again (${percent(dataAgain(evidence) / evidence.count.segmentsSent)}), SYNs not counted.`
          : `${plain(evidence.count.synRetransmits)} SYN-ACKs were sent again for ${plain(evidence.count.accepted)} connections, and every queue had room.`,
      counter: "retransmits",
    },
  ],
  supporting: [
    {
      holds: ({ flags }) => flags.some(({ detector }) => detector === "retransmits"),
      says: () => "That is unusual for this host at this hour.",
    },
    {
      holds: ({ count }) => count.lostRetransmits > 0,
      says: (evidence) => `${counted(evidence, "lostRetransmits")}: some were lost twice.`,
      counter: "lostRetransmits",
    },
    {
      holds: ({ count }) => count.timeouts > 0,
      says: (evidence) => `${counted(evidence, "timeouts")}.`,
      counter: "timeouts",
    },
  ],
  contradicting: [],
  severity: () => "MINOR",
  summary: (evidence) =>
    losesData(evidence)
      ? `Packets are lost on the way: ${percent(dataAgain(evidence) / evidence.count.segmentsSent)} of ${plain(evidence.count.segmentsSent)} segments were sent again.`
      : `Packets of handshakes are lost on the way, or clients do not answer: ${plain(evidence.count.synRetransmits)} SYN-ACKs were sent again for ${plain(evidence.count.accepted)} connections.`,
  remedies: () => [
    "See whether other hosts of the rack or the zone have it too. On the host, look at errors and drops of the interface (`ip -s link`), then at the path: a full link, a policer, a duplex or cable fault.",
  ],
};

const inUse = ({ busiest }: Evidence) => busiest.established + busiest.timeWait;

/** Fewer outgoing connections than usual, or, where nothing was learned, than at the start of the window. */
function opensFewer(evidence: Evidence): boolean {
  const z = evidence.z("opened");
  if (z !== null) return z <= FALLEN_Z;
  return evidence.openedFirst > 0 && evidence.openedLast <= 0.1 * evidence.openedFirst;
}

/** No counter tells of it: connect() fails before anything is sent. */
export const portExhaustion: Rule = {
  cause: "PORT_EXHAUSTION",
  required: [
    {
      holds: (evidence) => {
        const { localPorts } = evidence.settings;
        return localPorts !== null && localPorts > 0 && inUse(evidence) >= PORTS_SHARE * localPorts;
      },
      says: (evidence) =>
        `${plain(evidence.busiest.established)} connections and ${plain(evidence.busiest.timeWait)} in TIME_WAIT, for ${plain(evidence.settings.localPorts ?? 0)} local ports.`,
    },
    {
      holds: opensFewer,
      says: (evidence) => `${counted(evidence, "opened")}, and they become fewer.`,
      counter: "opened",
    },
  ],
  supporting: [
    {
      holds: ({ count }) => count.attemptsFailed === 0,
      says: () => "No attempt counts as failed: none was begun.",
      counter: "attemptsFailed",
    },
    {
      holds: ({ busiest, settings }) =>
        settings.localPorts === null ? null : busiest.timeWait >= 0.5 * settings.localPorts,
      says: ({ busiest }) => `${plain(busiest.timeWait)} ports wait in TIME_WAIT.`,
    },
  ],
  contradicting: [
    {
      holds: ({ count }) => count.accepted > count.opened,
      says: () => "Most of these connections may have come in, and take no local port.",
      counter: "accepted",
    },
  ],
  severity: () => "MAJOR",
  summary: (evidence) =>
    `Local ports for outgoing connections run out: ${plain(inUse(evidence))} of ${plain(evidence.settings.localPorts ?? 0)} are in use, and fewer connections go out. The application sees EADDRNOTAVAIL.`,
  remedies: () => [
    "Reuse connections (keep-alive, a pool): that mends it for good. Meanwhile widen net.ipv4.ip_local_port_range, and set net.ipv4.tcp_tw_reuse=1: its usual 2 is for loopback alone.",
  ],
};

export const connectionLeak: Rule = {
  cause: "CONNECTION_LEAK",
  required: [
    {
      holds: ({ flags }) => flags.some(({ detector }) => detector === "leak"),
      says: ({ flags }) => flags.find(({ detector }) => detector === "leak")?.text ?? "",
    },
  ],
  supporting: [],
  contradicting: [
    {
      holds: (evidence) => (evidence.z("accepted") ?? 0) >= 3,
      says: (evidence) => `${counted(evidence, "accepted")}, more than usual: it may be growth.`,
      counter: "accepted",
    },
  ],
  severity: () => "MINOR",
  summary: ({ flags }) => {
    const leak = flags.find(({ detector }) => detector === "leak");
    return leak === undefined
      ? "Connections are opened and not closed."
      : `Connections are opened and not closed: the fewest at once rose from ${plain(leak.expected)} to ${plain(leak.observed)} in ${span(leak.to - leak.from)}.`;
  },
  remedies: () => [
    "Look for sockets in CLOSE-WAIT (`ss -tnp state close-wait`): their process has not closed what the peer closed. Set idle timeouts and TCP keep-alive where connections are held on purpose.",
  ],
};
