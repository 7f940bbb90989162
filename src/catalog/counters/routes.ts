import type { CounterTexts } from "../entry.ts";

export const routes: readonly CounterTexts[] = [
  {
    name: "IpOutNoRoutes",
    incrementedBy: [
      {
        function: "inet_csk_route_req",
        file: "net/ipv4/inet_connection_sock.c",
        when: "A SYN arrives and there is no route for its SYN-ACK. It counts in ListenDrops too.",
        since: null,
      },
      {
        function: "inet_csk_route_child_sock",
        file: "net/ipv4/inet_connection_sock.c",
        when: "The final ACK of a handshake arrives and there is no route to the client.",
        since: null,
      },
      {
        function: "tcp_v4_connect",
        file: "net/ipv4/tcp_ipv4.c",
        when: "An application connects to an address that there is no route to.",
        since: null,
      },
      {
        function: "__ip_queue_xmit",
        file: "net/ipv4/ip_output.c",
        when: "A connection has lost its route.",
        since: null,
      },
    ],
    implies:
      "Rising with ListenDrops and without ListenOverflows, clients are refused because this host " +
      "knows no way back to them. Alone, an application calls an address that cannot be reached.",
    remedy: "Run `ip route get` with the address of a client or peer: it shows what is missing.",
    netstatMisleads: null,
    caveats: ["IPv4 only, and other protocols than TCP count as well."],
  },
  {
    name: "IpExtInNoRoutes",
    incrementedBy: [
      {
        function: "ip_error",
        file: "net/ipv4/route.c",
        when: "A packet arrives, and no route leads to where it should go.",
        since: null,
      },
    ],
    implies:
      "Packets arrive that this host cannot pass on: a wrong route on the sender, or a missing one " +
      "here.",
    remedy: "Look at the routes of this host and of who sends to it.",
    netstatMisleads: null,
    caveats: ["IPv4 only."],
  },
  {
    name: "TcpExtIPReversePathFilter",
    incrementedBy: [
      {
        function: "ip_rcv_finish_core",
        file: "net/ipv4/ip_input.c",
        when:
          "The interface has rp_filter on, and the route back to the sender leads elsewhere, or " +
          "nowhere.",
        since: null,
      },
    ],
    implies:
      "Packets are dropped before any listener sees them: clients that come in on one interface and " +
      "would be answered on another cannot connect, and no TCP counter moves.",
    remedy:
      "On hosts with several ways in, set net.ipv4.conf.all.rp_filter and that of the interface to " +
      "2 (loose), or mend the routes. Forged addresses need no change.",
    netstatMisleads: null,
    caveats: [
      "It stands among the TCP counters, but every IPv4 packet counts.",
      "The larger of net.ipv4.conf.all.rp_filter and that of the interface holds.",
    ],
  },
];
