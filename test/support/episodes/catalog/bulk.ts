import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** What must raise nothing. */
export const bulk: Episode = {
  name: "bulk",
  title: "The same data over a path that loses nothing",
  truth: { cause: null, listener: null },
  path: {},
  apps: [{ side: "peer", port: 8080, backlog: 128, does: "hold" }],
  signature: {
    TcpActiveOpens: [6, 7],
    TcpOutSegs: [1_500, 5_000],
    TcpRetransSegs: [0, 5],
    TcpExtTCPSynRetrans: [0, 0],
  },
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
