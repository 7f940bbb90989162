import type { Episode } from "../episode.ts";
import { connectedClientsOf } from "../kit.ts";

/** Each connection counts as an EstabResets, with a reset that this host sent. */
export const serverLinger: Episode = {
  name: "server-linger",
  title: "An application that closes with SO_LINGER 0: its clients are reset",
  truth: { cause: "LOCAL_ABORTS", listener: null },
  apps: [{ port: 8080, backlog: 128, does: "reset" }],
  signature: {
    TcpPassiveOpens: [100, 100],
    TcpEstabResets: [100, 100],
    TcpOutRsts: [100, 200],
    "TcpExtTCPAbortOnData + TcpExtTCPAbortOnClose": [100, 100],
    TcpExtListenDrops: [0, 0],
  },
  async run({ connect }) {
    return connectedClientsOf(
      await connect("peer", { port: 8080, count: 100, perSecond: 40, does: "request" }),
    );
  },
};
