import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** EstabResets grows, and no reset is ours. */
export const clientAborts: Episode = {
  name: "client-aborts",
  title: "Clients that reset their connections",
  truth: { cause: "CLIENT_ABORTS", listener: null },
  apps: [{ port: 8080, backlog: 128, does: "hold" }],
  signature: {
    TcpPassiveOpens: [100, 100],
    TcpEstabResets: [100, 100],
    TcpOutRsts: [0, 0],
    "TcpExtTCPAbortOnClose + TcpExtTCPAbortOnData": [0, 0],
  },
  async run({ connect }) {
    return clientsOf(await connect("peer", { port: 8080, count: 100, perSecond: 40, does: "abort" }));
  },
};
