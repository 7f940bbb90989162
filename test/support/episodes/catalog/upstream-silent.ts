import type { Episode } from "../episode.ts";
import { clientsOf, NOWHERE } from "../kit.ts";

/** With one retry the kernel gives up after 3 s, and counts each as failed. */
export const upstreamSilent: Episode = {
  name: "upstream-silent",
  title: "A service that this host calls does not answer, until the kernel gives up",
  truth: { cause: "UPSTREAM_UNREACHABLE", listener: null },
  sysctls: { "ipv4/tcp_syn_retries": "1", "ipv4/tcp_syn_linear_timeouts": "0" },
  signature: {
    TcpActiveOpens: [50, 51],
    TcpAttemptFails: [50, 50],
    TcpExtTCPAbortOnTimeout: [50, 50],
    TcpExtTCPSynRetrans: [50, 50],
  },
  lostShare: [1, 1],
  async run({ connect }) {
    return clientsOf(
      await connect("host", {
        address: NOWHERE,
        port: 9_999,
        count: 50,
        perSecond: 25,
        does: "close",
        patienceMs: 10_000,
      }),
    );
  },
};
