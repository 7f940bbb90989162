import type { CounterTexts } from "../entry.ts";

export const timeWait: readonly CounterTexts[] = [
  {
    name: "TcpExtTW",
    incrementedBy: [
      {
        function: "__inet_twsk_schedule",
        file: "net/ipv4/inet_timewait_sock.c",
        when:
          "A connection that this host closed first ends, and its address and port are held back " +
          "for over 4 s: 60 s in TIME_WAIT.",
        since: null,
      },
    ],
    implies:
      "How many connections this host closes first. A client that opens one for each request holds " +
      "back a local port a minute each time: with some 28,000 ports that is about 470 new " +
      "connections a second to one address and port.",
    remedy: "Keep connections open and use them again, or let the peer close first.",
    netstatMisleads:
      "They did not finish: current kernels count the socket when its wait begins. Nor is there a " +
      "fast timer.",
    caveats: [
      "It is a counter of what began, and not the number that wait now: that is tw in " +
        "/proc/net/sockstat, SockstatTCPTw here.",
      "Sockets in TIME_WAIT cost little. Local ports are what may run out.",
    ],
  },
  {
    name: "TcpExtTWKilled",
    incrementedBy: [
      {
        function: "__inet_twsk_schedule",
        file: "net/ipv4/inet_timewait_sock.c",
        when:
          "The same with a timer of 4 s or less, as for a closed connection that waits for the " +
          "peer's FIN with a short tcp_fin_timeout or TCP_LINGER2.",
        since: null,
      },
    ],
    implies: "Nothing by itself.",
    remedy: null,
    netstatMisleads: "Nothing is killed: the name is older than what it counts.",
    caveats: ["Add it to TW for all sockets that began to wait."],
  },
  {
    name: "TcpExtTWRecycled",
    incrementedBy: [
      {
        function: "__inet_check_established",
        file: "net/ipv4/inet_hashtables.c",
        when:
          "An outgoing IPv4 connection takes the port of a socket in TIME_WAIT over, as " +
          "net.ipv4.tcp_tw_reuse allows.",
        since: null,
      },
      {
        function: "__inet6_check_established",
        file: "net/ipv6/inet6_hashtables.c",
        when: "The same for IPv6.",
        since: null,
      },
    ],
    implies: "Outgoing connections come so fast that local ports are used again before their wait is over.",
    remedy:
      "Keep connections open and use them again. Where it is low and local ports run out, widen " +
      "net.ipv4.ip_local_port_range.",
    netstatMisleads:
      "It has nothing to do with net.ipv4.tcp_tw_recycle of old kernels, whatever the word recycled " +
      "suggests.",
    caveats: [
      "By default net.ipv4.tcp_tw_reuse is 2, for loopback only: between hosts nothing is taken over.",
    ],
  },
  {
    name: "TcpExtTCPTimeWaitOverflow",
    incrementedBy: [
      {
        function: "tcp_time_wait",
        file: "net/ipv4/tcp_minisocks.c",
        when:
          "A connection should wait in TIME_WAIT or FIN_WAIT_2, and net.ipv4.tcp_max_tw_buckets is " +
          "reached, or there is no memory.",
        since: null,
      },
    ],
    implies:
      "More connections are closed by this host than it may hold in TIME_WAIT: many short " +
      "connections. The connections are ended at once, and a late packet of one may confuse the " +
      "next on the same port.",
    remedy:
      "Keep connections open and use them again, or raise net.ipv4.tcp_max_tw_buckets: a socket in " +
      "TIME_WAIT costs little.",
    netstatMisleads: null,
    caveats: ["No connection that was in use is lost by it."],
  },
];
