import type { Episode } from "../episode.ts";
import { connectedClientsOf } from "../kit.ts";

/** Closing with data in the buffer sends a reset and no FIN. */
export const serverUnread: Episode = {
  name: "server-unread",
  title: "An application that closes with the request unread: its clients are reset",
  truth: { cause: "LOCAL_ABORTS", listener: null },
  apps: [{ port: 8080, backlog: 128, does: "unread" }],
  signature: {
    TcpPassiveOpens: [100, 100],
    TcpEstabResets: [100, 100],
    TcpOutRsts: [100, 100],
    TcpExtTCPAbortOnClose: [100, 100],
    TcpExtTCPAbortOnData: [0, 0],
  },
  async run({ connect }) {
    return connectedClientsOf(
      await connect("peer", { port: 8080, count: 100, perSecond: 40, does: "request" }),
    );
  },
};
