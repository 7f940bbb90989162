import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** The kernel fills the accept queue to backlog + 1, then drops each SYN, which comes again every second. */
export const applicationStopped: Episode = {
  name: "application-stopped",
  title: "An application that accepts nothing: it is stopped, and clients come",
  truth: { cause: "APPLICATION_STALLED", listener: 8080 },
  apps: [{ port: 8080, backlog: 5, does: "reply" }],
  signature: {
    TcpPassiveOpens: [6, 6],
    TcpExtListenOverflows: [150, 600],
    "TcpExtListenDrops - TcpExtListenOverflows": [0, 0],
    TcpExtSyncookiesSent: [0, 0],
    TcpEstabResets: [0, 0],
  },
  lostShare: [0.94, 0.94],
  async run({ app, connect }) {
    app(8080).stop();
    return clientsOf(await connect("peer", { port: 8080, count: 100, perSecond: 40, does: "request" }));
  },
};
