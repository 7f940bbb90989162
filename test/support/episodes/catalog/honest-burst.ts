import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/**
 * The SYN queue has the same limit as the accept queue. That it is full is no flood: these cookies come back.
 */
export const honestBurst: Episode = {
  name: "honest-burst",
  title: "Clients in bursts whose SYNs overtake the last ACKs, so that cookies are sent",
  truth: { cause: "ACCEPT_QUEUE_TOO_SMALL", listener: 8080, notes: "cookies are sent, and it is no flood" },
  path: { delayMs: 20 },
  sysctls: { "ipv4/tcp_syncookies": "1" },
  apps: [{ port: 8080, backlog: 16, does: "reply", blockMs: 2 }],
  signature: {
    TcpPassiveOpens: [60, 240],
    TcpExtSyncookiesSent: [60, 400],
    "TcpExtSyncookiesRecv / TcpExtSyncookiesSent": [0.5, 10],
    TcpExtListenOverflows: [30, 2_000],
  },
  lostShare: [0, 0.95],
  async run({ connect }) {
    const burst = { port: 8080, count: 100, does: "request" } as const;
    return clientsOf(await connect("peer", burst), await connect("peer", burst));
  },
};
