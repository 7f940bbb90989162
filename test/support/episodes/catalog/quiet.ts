import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** What must raise nothing. */
export const quiet: Episode = {
  name: "quiet",
  title: "Nothing is wrong: clients come, and get their replies",
  truth: { cause: null, listener: null },
  apps: [{ port: 8080, backlog: 128, does: "reply" }],
  signature: {
    TcpPassiveOpens: [60, 60],
    TcpExtListenDrops: [0, 0],
    TcpAttemptFails: [0, 0],
    TcpEstabResets: [0, 0],
    TcpOutRsts: [0, 0],
    TcpExtTCPSynRetrans: [0, 0],
    TcpCurrEstab: [0, 1],
  },
  async run({ connect }) {
    return clientsOf(await connect("peer", { port: 8080, count: 60, perSecond: 20, does: "request" }));
  },
};
