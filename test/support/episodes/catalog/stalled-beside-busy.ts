import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** PassiveOpens goes on, faster than before: what says that nothing is accepted is the queue of the one alone. */
export const stalledBesideBusy: Episode = {
  name: "stalled-beside-busy",
  title: "Two applications that serve; one stops, and the other has all the more to do",
  truth: { cause: "APPLICATION_STALLED", listener: 9090 },
  apps: [
    { port: 8080, backlog: 128, does: "reply" },
    { port: 9090, backlog: 8, does: "reply" },
  ],
  signature: {
    TcpPassiveOpens: [689, 689],
    TcpExtListenOverflows: [200, 900],
    "TcpExtListenDrops - TcpExtListenOverflows": [0, 0],
  },
  lostShare: [111 / 800, 111 / 800],
  async run({ app, connect }) {
    const [busy, other] = [
      { port: 8080, does: "request" },
      { port: 9090, does: "request" },
    ] as const;
    const before = await Promise.all([
      connect("peer", { ...busy, count: 60, perSecond: 30 }),
      connect("peer", { ...other, count: 20, perSecond: 10 }),
    ]);
    app(9090).stop();
    const after = await Promise.all([
      connect("peer", { ...busy, count: 600, perSecond: 40 }),
      connect("peer", { ...other, count: 120, perSecond: 8 }),
    ]);
    return clientsOf(...before, ...after);
  },
};
