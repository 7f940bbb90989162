import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/**
 * Of the six that are half-open when there is room for one, five are reset; SYNs that come later are dropped as
 * usual.
 */
export const abortOnOverflow: Episode = {
  name: "abort-on-overflow",
  title: "A stopped application, with tcp_abort_on_overflow=1: last ACKs that overflow are reset",
  truth: { cause: "APPLICATION_STALLED", listener: 8080 },
  path: { delayMs: 20 },
  sysctls: { "ipv4/tcp_abort_on_overflow": "1" },
  apps: [{ port: 8080, backlog: 5, does: "reply" }],
  signature: {
    TcpPassiveOpens: [6, 6],
    TcpExtListenOverflows: [20, 200],
    "TcpExtListenDrops - TcpExtListenOverflows": [0, 0],
    TcpExtEmbryonicRsts: [3, 5],
    TcpOutRsts: [3, 40],
  },
  lostShare: [0.7, 0.8],
  async run({ app, connect, snapshots }) {
    app(8080).stop();
    const first = connect("peer", { port: 8080, count: 5, does: "hold", patienceMs: 6_000 });
    await snapshots(1);
    const second = await connect("peer", { port: 8080, count: 20, does: "request" });
    return clientsOf(await first, second);
  },
};
