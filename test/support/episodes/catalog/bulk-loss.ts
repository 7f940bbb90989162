import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** Data is sent again, and not only SYNs. */
export const bulkLoss: Episode = {
  name: "bulk-loss",
  title: "A path that loses 3 % of packets, under data that this host sends",
  truth: { cause: "PATH_LOSS", listener: null },
  path: { loses: { what: "packets", share: 0.03 } },
  apps: [{ side: "peer", port: 8080, backlog: 128, does: "hold" }],
  signature: {
    TcpActiveOpens: [6, 7],
    TcpOutSegs: [1_500, 5_000],
    "TcpRetransSegs / TcpOutSegs": [0.01, 0.15],
    TcpExtTCPSynRetrans: [0, 6],
  },
  // A SYN may be among what is lost.
  lostShare: [0, 0.5],
  async run({ connect }) {
    return clientsOf(
      await connect("host", {
        port: 8080,
        count: 6,
        perSecond: 3,
        sends: 600_000,
        does: "close",
        patienceMs: 20_000,
      }),
    );
  },
};
