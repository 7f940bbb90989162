import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** A reset comes back for each SYN: ActiveOpens and AttemptFails grow alike. */
export const upstreamRefused: Episode = {
  name: "upstream-refused",
  title: "A service that this host calls refuses: its port is closed",
  truth: { cause: "UPSTREAM_REFUSING", listener: null },
  signature: {
    TcpActiveOpens: [100, 101],
    TcpAttemptFails: [100, 100],
    TcpExtEmbryonicRsts: [0, 0],
    TcpExtTCPSynRetrans: [0, 0],
    TcpOutRsts: [0, 0],
  },
  lostShare: [1, 1],
  async run({ connect }) {
    return clientsOf(await connect("host", { port: 9_999, count: 100, perSecond: 40, does: "close" }));
  },
};
