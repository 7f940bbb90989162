import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** It takes 500 connections a second, so that its queue is empty at nearly each look; but 60 come at once. */
export const smallBacklog: Episode = {
  name: "small-backlog",
  title: "A quick application whose queue is too short for the bursts that come",
  truth: { cause: "ACCEPT_QUEUE_TOO_SMALL", listener: 8080 },
  apps: [{ port: 8080, backlog: 16, does: "reply", blockMs: 2 }],
  signature: {
    TcpPassiveOpens: [180, 220],
    TcpExtListenOverflows: [50, 600],
    "TcpExtListenDrops - TcpExtListenOverflows": [0, 0],
  },
  lostShare: [0.2, 0.75],
  async run({ connect }) {
    const burst = { port: 8080, count: 60, does: "request", patienceMs: 10_000 } as const;
    return clientsOf(
      await connect("peer", burst),
      await connect("peer", burst),
      await connect("peer", burst),
    );
  },
};
