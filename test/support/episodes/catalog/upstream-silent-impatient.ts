import type { Episode } from "../episode.ts";
import { clientsOf, NOWHERE } from "../kit.ts";

/**
 * It closes before the kernel has given up, so AttemptFails stays 0: only SYNs that are sent again tell of it.
 */
export const upstreamSilentImpatient: Episode = {
  name: "upstream-silent-impatient",
  title: "A service that this host calls does not answer, and the application gives up first",
  truth: { cause: "UPSTREAM_UNREACHABLE", listener: null, notes: "no attempt counts as failed" },
  signature: {
    TcpActiveOpens: [50, 51],
    TcpAttemptFails: [0, 0],
    TcpExtTCPAbortOnTimeout: [0, 0],
    TcpExtTCPSynRetrans: [50, 200],
  },
  lostShare: [1, 1],
  async run({ connect }) {
    return clientsOf(
      await connect("host", {
        address: NOWHERE,
        port: 9_999,
        count: 50,
        perSecond: 100,
        does: "close",
        patienceMs: 2_500,
      }),
    );
  },
};
