import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/**
 * Clients believe to be connected, and say nothing: the kernel sends its SYN-ACK again until their ACK comes.
 */
export const ackLoss: Episode = {
  name: "ack-loss",
  title: "A path that loses 30 % of the last ACKs of handshakes",
  truth: { cause: "PATH_LOSS", listener: null, notes: "clients feel nothing" },
  path: { loses: { what: "acks", share: 0.3 } },
  apps: [{ port: 8080, backlog: 128, does: "hold" }],
  signature: {
    TcpPassiveOpens: [90, 100],
    TcpExtTCPSynRetrans: [25, 90],
    TcpExtListenDrops: [0, 0],
    TcpExtSyncookiesSent: [0, 0],
  },
  async run({ connect }) {
    return clientsOf(
      await connect("peer", {
        port: 8080,
        count: 100,
        perSecond: 40,
        sends: 0,
        does: "hold",
        patienceMs: 4_000,
      }),
    );
  },
};
