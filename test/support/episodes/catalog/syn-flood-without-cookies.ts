import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** The SYN queue is full of spoofed addresses, and every drop is of that queue and none of the accept queue. */
export const synFloodWithoutCookies: Episode = {
  name: "syn-flood-without-cookies",
  title: "A SYN flood with SYN cookies off: hardly a client connects",
  truth: { cause: "SYN_QUEUE_FULL", listener: 8080 },
  sysctls: { "ipv4/tcp_syncookies": "0" },
  apps: [{ port: 8080, backlog: 128, does: "reply" }],
  signature: {
    TcpPassiveOpens: [0, 6],
    TcpExtTCPReqQFullDrop: [1_500, 3_000],
    "TcpExtListenDrops - TcpExtTCPReqQFullDrop": [0, 0],
    TcpExtListenOverflows: [0, 0],
    TcpExtSyncookiesSent: [0, 0],
    TcpExtTCPSynRetrans: [50, 2_000],
  },
  lostShare: [0.85, 1],
  async run({ connect, sendSyns, snapshots }) {
    const flood = sendSyns({ port: 8080, count: 2_000, perSecond: 500, source: "spoofed" });
    await snapshots(1);
    const clients = await connect("peer", {
      port: 8080,
      count: 60,
      perSecond: 20,
      does: "request",
      patienceMs: 1_000,
    });
    await flood;
    return clientsOf(clients);
  },
};
