import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** SYN-ACKs are sent again, for clients who connect in the end, and every queue has room. */
export const synLoss: Episode = {
  name: "syn-loss",
  title: "A path that loses 20 % of SYNs and SYN-ACKs",
  truth: { cause: "PATH_LOSS", listener: null },
  path: { loses: { what: "syns", share: 0.2 } },
  apps: [{ port: 8080, backlog: 128, does: "reply" }],
  signature: {
    TcpPassiveOpens: [100, 100],
    TcpExtTCPSynRetrans: [15, 80],
    "TcpRetransSegs - TcpExtTCPSynRetrans": [0, 5],
    TcpExtListenDrops: [0, 0],
    TcpExtSyncookiesSent: [0, 0],
  },
  lostShare: [0.2, 0.5],
  async run({ connect }) {
    return clientsOf(
      await connect("peer", { port: 8080, count: 100, perSecond: 30, does: "request", patienceMs: 10_000 }),
    );
  },
};
