import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** Its queue overflows as that of one that accepts nothing does, but has room for a moment after each accept. */
export const slowBesideBusy: Episode = {
  name: "slow-beside-busy",
  title: "Two applications, of which one accepts 10 connections a second where 13 come",
  truth: { cause: "APPLICATION_SLOW", listener: 9090 },
  apps: [
    { port: 8080, backlog: 128, does: "reply" },
    { port: 9090, backlog: 4, does: "reply", blockMs: 100 },
  ],
  signature: {
    TcpPassiveOpens: [320, 456],
    TcpExtListenOverflows: [10, 300],
    "TcpExtListenDrops - TcpExtListenOverflows": [0, 0],
  },
  lostShare: [0.01, 0.35],
  async run({ connect }) {
    const clients = await Promise.all([
      connect("peer", { port: 8080, count: 300, perSecond: 25, does: "request" }),
      connect("peer", { port: 9090, count: 156, perSecond: 13, does: "request", patienceMs: 1_000 }),
    ]);
    return clientsOf(...clients);
  },
};
