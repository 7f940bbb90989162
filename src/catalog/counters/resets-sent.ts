import type { CounterTexts } from "../entry.ts";

export const resetsSent: CounterTexts = {
  name: "TcpOutRsts",
  incrementedBy: [
    {
      function: "tcp_v4_send_reset",
      file: "net/ipv4/tcp_ipv4.c",
      when:
        "An IPv4 packet arrives that belongs to no connection: a SYN to a closed port, or a stray " +
        "packet.",
      since: null,
    },
    {
      function: "tcp_v6_send_response",
      file: "net/ipv6/tcp_ipv6.c",
      when: "The same for IPv6.",
      since: null,
    },
    {
      function: "tcp_send_active_reset",
      file: "net/ipv4/tcp_output.c",
      when:
        "This host ends a connection at once: TCPAbortOnClose, TCPAbortOnData, TCPAbortOnMemory, " +
        "TCPAbortOnLinger, or keepalives that were not answered.",
      since: null,
    },
  ],
  implies:
    "With EstabResets and one of the TCPAbort counters rising as much, this host aborts its " +
    "connections. Without them, packets reach ports that nobody listens on: a service is down, or " +
    "somebody scans.",
  remedy:
    "Where PassiveOpens fell to 0 at the same time, look for the service that stopped listening. " +
    "Where a TCPAbort counter rises with it, do what that one calls for.",
  netstatMisleads: null,
  caveats: [
    "It counts attempts to send: TCPAbortFailed tells how many did not go out.",
    "Every host on the internet sends some: compare it with what is usual on the host.",
  ],
};
