import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/**
 * Recorded until it is down for more than a minute after the agent's lists show it gone: before that it may be a
 * restart.
 */
export const serviceDown: Episode = {
  name: "service-down",
  title: "An application that has ended: clients still come, and are refused",
  truth: { cause: "SERVICE_DOWN", listener: 8080 },
  everyMs: 10_000,
  apps: [{ port: 8080, backlog: 128, does: "reply" }],
  signature: {
    TcpPassiveOpens: [20, 20],
    TcpOutRsts: [260, 260],
    TcpEstabResets: [0, 0],
    TcpExtListenDrops: [0, 0],
    TcpAttemptFails: [0, 0],
  },
  lostShare: [260 / 280, 260 / 280],
  async run({ app, connect }) {
    const served = await connect("peer", { port: 8080, count: 20, perSecond: 20, does: "request" });
    await app(8080).kill();
    const refused = await connect("peer", { port: 8080, count: 260, perSecond: 2, does: "request" });
    return clientsOf(served, refused);
  },
};
