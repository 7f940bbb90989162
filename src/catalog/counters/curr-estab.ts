import type { CounterTexts } from "../entry.ts";

export const currEstab: CounterTexts = {
  name: "TcpCurrEstab",
  incrementedBy: [
    {
      function: "tcp_set_state",
      file: "net/ipv4/tcp.c",
      when:
        "Adds 1 when a connection becomes ESTABLISHED, and takes 1 away when it leaves both ESTABLISHED and " +
        "CLOSE_WAIT. The step from the one to the other changes nothing.",
      since: null,
    },
  ],
  implies:
    "How many connections are open. If its hourly lowest value climbs for hours while PassiveOpens stays level, " +
    "connections are not being closed. If it climbs with PassiveOpens, there is more traffic.",
  remedy:
    "For a leak, count the sockets in CLOSE_WAIT by process: the peer has closed those, and the application has " +
    "not. For growth, check the limits on file descriptors and memory before they are reached.",
  netstatMisleads:
    "Connections that the peer has closed already (CLOSE_WAIT), and those that no application has " +
    "accepted yet, are included.",
  caveats: [
    "It is a gauge: rates and increases of it mean nothing, though some tools store it as a counter.",
    "Connections that wait in an accept queue are counted as established.",
    "CLOSE_WAIT is counted: a leak of sockets keeps it high after the clients have left.",
    "The kernel adds it up from every CPU without a lock, so neighbouring readings may jitter slightly.",
  ],
};
