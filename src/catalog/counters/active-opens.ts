import type { CounterTexts } from "../entry.ts";

export const activeOpens: CounterTexts = {
  name: "TcpActiveOpens",
  incrementedBy: [
    {
      function: "tcp_connect",
      file: "net/ipv4/tcp_output.c",
      when:
        "The kernel begins an outgoing connection and sends its first SYN. The SYNs sent again do " +
        "not count.",
      since: null,
    },
  ],
  implies:
    "How much this host calls others. A rise together with AttemptFails is usually retrying. A fall while the " +
    "connections in TIME_WAIT and the established ones near the size of net.ipv4.ip_local_port_range means that " +
    "the local ports have run out.",
  remedy:
    "By itself it needs none. If it grows faster than the work done, keep connections open and use them again. " +
    "If local ports run out, do that, or widen net.ipv4.ip_local_port_range.",
  netstatMisleads: "It counts attempts: the refused and the timed out are included.",
  caveats: [
    "Attempts, not successes: 100 refused connections are 100 here and 100 in AttemptFails.",
    "A connect() that finds no free local port does not count. With 16 ports and 200 calls it rose by 16, and no " +
      "other counter moved.",
    "In a blackhole it looks healthy: the attempts count at once, the failures late or never. Lay TCPSynRetrans " +
      "beside it.",
  ],
};
