import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** ListenDrops does not move: the kernel answers with cookies, and none of a flood comes back. */
export const synFlood: Episode = {
  name: "syn-flood",
  title: "A SYN flood with SYN cookies on: clients still connect",
  truth: { cause: "SYN_FLOOD", listener: 8080 },
  sysctls: { "ipv4/tcp_syncookies": "1" },
  apps: [{ port: 8080, backlog: 128, does: "reply" }],
  signature: {
    TcpPassiveOpens: [40, 40],
    TcpExtSyncookiesSent: [1_500, 2_000],
    "TcpExtTCPReqQFullDoCookies / TcpExtSyncookiesSent": [1, 1],
    "TcpExtSyncookiesRecv / TcpExtSyncookiesSent": [0, 0.2],
    TcpExtListenDrops: [0, 0],
    TcpExtListenOverflows: [0, 0],
    TcpExtTCPSynRetrans: [50, 2_000],
  },
  async run({ connect, sendSyns }) {
    const flood = sendSyns({ port: 8080, count: 2_000, perSecond: 500, source: "spoofed" });
    const clients = await connect("peer", { port: 8080, count: 40, perSecond: 10, does: "request" });
    await flood;
    return clientsOf(clients);
  },
};
