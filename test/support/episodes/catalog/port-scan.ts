import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** Nothing but OutRsts tells of it; what listens is there still, and serves. */
export const portScan: Episode = {
  name: "port-scan",
  title: "A scan of closed ports: each SYN is reset, and the service goes on",
  truth: { cause: "INBOUND_SCAN", listener: null },
  apps: [{ port: 8080, backlog: 128, does: "reply" }],
  signature: {
    TcpOutRsts: [100, 100],
    TcpPassiveOpens: [10, 10],
    TcpAttemptFails: [0, 0],
    TcpEstabResets: [0, 0],
    TcpExtListenDrops: [0, 0],
  },
  async run({ connect, sendSyns }) {
    const scan = sendSyns({ port: 9_999, count: 100, perSecond: 50, source: "own" });
    const clients = await connect("peer", { port: 8080, count: 10, perSecond: 5, does: "request" });
    await scan;
    return clientsOf(clients);
  },
};
