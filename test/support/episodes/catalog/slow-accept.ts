import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** PassiveOpens grows at the pace of the application, whatever comes, and the queue is full at each look. */
export const slowAccept: Episode = {
  name: "slow-accept",
  title: "An application that accepts 10 connections a second where 30 come",
  truth: { cause: "APPLICATION_SLOW", listener: 8080 },
  apps: [{ port: 8080, backlog: 16, does: "reply", blockMs: 100 }],
  signature: {
    TcpPassiveOpens: [60, 150],
    TcpExtListenOverflows: [150, 1_200],
    "TcpExtListenDrops - TcpExtListenOverflows": [0, 0],
    TcpOutRsts: [0, 50],
  },
  lostShare: [0.35, 0.8],
  async run({ connect }) {
    return clientsOf(
      await connect("peer", { port: 8080, count: 210, perSecond: 30, does: "request", patienceMs: 1000 }),
    );
  },
};
