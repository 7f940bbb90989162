import type { Episode } from "../episode.ts";
import { clientsOf } from "../kit.ts";

/** No counter tells of it: connect() fails before anything is sent, and ActiveOpens stands still. */
export const portExhaustion: Episode = {
  name: "port-exhaustion",
  title: "A host that runs out of local ports, all in TIME_WAIT",
  truth: { cause: "PORT_EXHAUSTION", listener: null, notes: "the application sees EADDRNOTAVAIL" },
  sysctls: { "ipv4/ip_local_port_range": "40000 40099" },
  apps: [{ side: "peer", port: 8080, backlog: 128, does: "reply" }],
  signature: {
    TcpActiveOpens: [100, 101],
    TcpAttemptFails: [0, 0],
    SockstatTCPTw: [95, 100],
    TcpExtTCPSynRetrans: [0, 0],
  },
  lostShare: [0.5, 0.5],
  async run({ connect }) {
    return clientsOf(await connect("host", { port: 8080, count: 200, perSecond: 25, does: "request" }));
  },
};
