import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** Drops are counted for the namespace; its queue and weight name the listener that they are of. */
export const twoListeners: Episode = {
  name: "two-listeners",
  title: "Two applications, of which one accepts nothing",
  truth: {
    cause: "APPLICATION_STALLED",
    listener: 9090,
    orElse: ["APPLICATION_SLOW"],
    notes: "accepts are counted for both together, and its queue is seen for too short a time to tell",
  },
  apps: [
    { port: 8080, backlog: 128, does: "reply" },
    { port: 9090, backlog: 8, does: "reply" },
  ],
  signature: {
    TcpPassiveOpens: [69, 69],
    TcpExtListenOverflows: [80, 400],
    "TcpExtListenDrops - TcpExtListenOverflows": [0, 0],
  },
  lostShare: [0.31, 0.31],
  async run({ app, connect }) {
    app(9090).stop();
    const [served, dropped] = await Promise.all([
      connect("peer", { port: 8080, count: 60, perSecond: 15, does: "request" }),
      connect("peer", { port: 9090, count: 40, perSecond: 20, does: "request" }),
    ]);
    return clientsOf(served, dropped);
  },
};
