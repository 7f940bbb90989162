import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** The agent lists all listeners once a minute. */
const COMPLETE_LIST = 12;

/**
 * The kernel resets each connection in the queue of a listener that is closed. Recorded to the next complete list
 * of listeners, which shows that it is gone.
 */
export const deploy: Episode = {
  name: "deploy",
  title:
    "An application that is replaced: what waits in its queue is reset, and clients are refused meanwhile",
  truth: { cause: "RESTART", listener: 8080 },
  everyMs: 5_000,
  apps: [{ port: 8080, backlog: 128, does: "reply" }],
  signature: {
    TcpPassiveOpens: [60, 60],
    TcpEstabResets: [40, 40],
    TcpOutRsts: [70, 70],
    TcpExtListenDrops: [0, 0],
  },
  lostShare: [70 / 90, 70 / 90],
  async run({ app, connect, listen, snapshots }) {
    app(8080).stop();
    const queued = connect("peer", { port: 8080, count: 40, does: "hold", patienceMs: 60_000 });
    await snapshots(2);
    await app(8080).kill();
    const refused = await connect("peer", { port: 8080, count: 30, does: "request" });
    await listen({ port: 8080, backlog: 128, does: "reply" });
    const served = await connect("peer", { port: 8080, count: 20, perSecond: 20, does: "request" });
    const clients = clientsOf(await queued, refused, served);
    await snapshots(COMPLETE_LIST);
    return clients;
  },
};
