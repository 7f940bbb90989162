import { setTimeout as pause } from "node:timers/promises";
import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

const STALL_MS = 3_000;

/** Nobody is refused in the end, and most of those who came meanwhile waited for a second or more. */
export const stall: Episode = {
  name: "stall",
  title: "An application that stands still for 3 s under load, then goes on",
  truth: {
    cause: "APPLICATION_STALLED",
    listener: 8080,
    orElse: ["ACCEPT_QUEUE_TOO_SMALL"],
    notes: "all connect in the end: a longer queue would have bridged the pause",
  },
  apps: [{ port: 8080, backlog: 16, does: "reply" }],
  signature: {
    TcpPassiveOpens: [100, 100],
    TcpExtListenOverflows: [40, 250],
    "TcpExtListenDrops - TcpExtListenOverflows": [0, 0],
    TcpEstabResets: [0, 0],
  },
  lostShare: [0.2, 0.6],
  async run({ app, connect }) {
    const load = { port: 8080, perSecond: 20, does: "request", patienceMs: 10_000 } as const;
    const before = await connect("peer", { ...load, count: 20 });
    app(8080).stop();
    const during = connect("peer", { ...load, count: 80 });
    await pause(STALL_MS);
    app(8080).resume();
    return clientsOf(before, await during);
  },
};
