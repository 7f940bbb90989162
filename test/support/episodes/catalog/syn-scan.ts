import type { Episode } from "../episode.ts";

/** The kernel of the peer resets what it did not ask for, and each half-open connection fails. */
export const synScan: Episode = {
  name: "syn-scan",
  title: "A scan of an open port: each SYN is answered, and the answer is reset",
  truth: { cause: "INBOUND_SCAN", listener: null },
  apps: [{ port: 8080, backlog: 128, does: "reply" }],
  signature: {
    TcpAttemptFails: [100, 100],
    TcpExtEmbryonicRsts: [100, 100],
    TcpActiveOpens: [0, 1],
    TcpPassiveOpens: [0, 0],
    TcpExtListenDrops: [0, 0],
    TcpOutRsts: [0, 0],
  },
  async run({ sendSyns }) {
    await sendSyns({ port: 8080, count: 100, perSecond: 50, source: "own" });
    return { attempted: 0, lost: 0 };
  },
};
