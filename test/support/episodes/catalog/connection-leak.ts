import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** Connections stay in CLOSE_WAIT, and CurrEstab grows with each. */
export const connectionLeak: Episode = {
  name: "connection-leak",
  title: "An application that never closes what its clients have closed",
  truth: { cause: "CONNECTION_LEAK", listener: null, notes: "in the wild over hours: replay it stretched" },
  apps: [{ port: 8080, backlog: 128, does: "leak" }],
  signature: {
    TcpPassiveOpens: [120, 120],
    TcpCurrEstab: [120, 121],
    TcpEstabResets: [0, 0],
    TcpExtListenDrops: [0, 0],
  },
  async run({ connect }) {
    return clientsOf(
      await connect("peer", { port: 8080, count: 120, perSecond: 15, does: "close", patienceMs: 1_000 }),
    );
  },
};
