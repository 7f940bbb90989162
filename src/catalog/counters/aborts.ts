import type { CounterTexts } from "../entry.ts";

export const aborts: readonly CounterTexts[] = [
  {
    name: "TcpExtTCPAbortOnClose",
    incrementedBy: [
      {
        function: "__tcp_close",
        file: "net/ipv4/tcp.c",
        when:
          "The application closes a connection while data that it never read lies in the receive " +
          "queue. The peer gets a RST.",
        since: null,
      },
    ],
    implies:
      "The application gives up on connections before it has read what was sent: a timeout of its " +
      'own, a refusal without reading the body, a crash or a kill. The peer sees "connection ' +
      'reset".',
    remedy:
      "Let the application read what is left, or shut down its sending side and wait for the peer, " +
      "before it closes.",
    netstatMisleads: null,
    caveats: [
      "Each one counts in OutRsts as well, and in EstabResets where the connection was still open.",
      "Data that arrives just before the close is enough, even if the application had read all that it saw.",
    ],
  },
  {
    name: "TcpExtTCPAbortOnData",
    incrementedBy: [
      {
        function: "__tcp_close",
        file: "net/ipv4/tcp.c",
        when: "The application closes a connection with SO_LINGER set to 0 seconds.",
        since: null,
      },
      {
        function: "tcp_rcv_state_process",
        file: "net/ipv4/tcp_input.c",
        when: "New data arrives on a connection that the application has closed.",
        since: null,
      },
    ],
    implies: "Either the application sets SO_LINGER to 0, or peers go on sending after this host has closed.",
    remedy:
      "Do not set SO_LINGER to 0 where the last data matters: it may be lost. If peers go on " +
      "sending, look for a timeout here that is shorter than theirs.",
    netstatMisleads: "The data need not be unexpected: a close with a linger time of 0 counts without data.",
    caveats: ["A connection in ESTABLISHED or CLOSE_WAIT that ends so counts in EstabResets as well."],
  },
  {
    name: "TcpExtTCPAbortOnTimeout",
    incrementedBy: [
      {
        function: "tcp_write_err",
        file: "net/ipv4/tcp_timer.c",
        when:
          "A connection is given up: its SYN, data or window probes were not answered for long " +
          "enough (net.ipv4.tcp_syn_retries, net.ipv4.tcp_retries2, TCP_USER_TIMEOUT), or its " +
          "keepalives were not.",
        since: null,
      },
    ],
    implies:
      "Peers vanish without closing: they were switched off, the path broke, or a firewall forgot " +
      "the connection. Rising with ActiveOpens, a service that this host calls does not answer.",
    remedy:
      "Find the peers. Where a firewall or load balancer between forgets idle connections, send " +
      "keepalives more often than it forgets.",
    netstatMisleads: null,
    caveats: [
      "It comes late: with default settings data is sent again for about 15 minutes first. " +
        "TCPTimeouts tells of the trouble at once.",
      "An outgoing connection that timed out before it was established counts here and in AttemptFails.",
      "When an application gives up before the kernel does, nothing counts here.",
    ],
  },
  {
    name: "TcpExtTCPAbortOnMemory",
    incrementedBy: [
      {
        function: "__tcp_close",
        file: "net/ipv4/tcp.c",
        when:
          "The application closes a connection while TCP holds more memory than the third number of " +
          "net.ipv4.tcp_mem, or there are more orphans than net.ipv4.tcp_max_orphans. The peer gets " +
          "a RST.",
        since: null,
      },
      {
        function: "tcp_out_of_resources",
        file: "net/ipv4/tcp_timer.c",
        when:
          "A timer of a closed connection finds the same; connections that have been silent for " +
          "long are ended below the limit already.",
        since: null,
      },
    ],
    implies:
      "TCP is out of memory, or too many closed connections wait for peers that do not answer. Data " +
      "that was not yet acknowledged is lost.",
    remedy:
      "Look at the third number of net.ipv4.tcp_mem beside the mem of TCP in /proc/net/sockstat, " +
      "and at net.ipv4.tcp_max_orphans beside its orphan. If memory is at the limit, find what " +
      "fills the buffers; if orphans are, set net.ipv4.tcp_orphan_retries to 1 to 3 (it reads 0 by " +
      "default, which means 8), or raise tcp_max_orphans where there is memory.",
    netstatMisleads: "It need not be memory: too many orphans count too.",
    caveats: [
      'The kernel writes "out of memory -- consider tuning tcp_mem" or "too many orphaned sockets" to its log, which tells the two apart.',
      "Memory and orphans are the host's, while it counts in the namespace of the connection.",
    ],
  },
  {
    name: "TcpExtTCPAbortOnLinger",
    incrementedBy: [
      {
        function: "__tcp_close",
        file: "net/ipv4/tcp.c",
        when:
          "The application closes a connection whose peer has acknowledged its FIN, and TCP_LINGER2 " +
          "is below 0.",
        since: null,
      },
    ],
    implies: "The application asked for it by TCP_LINGER2. It says nothing of pressure.",
    remedy: null,
    netstatMisleads: "SO_LINGER has nothing to do with it, and no timeout ran out.",
    caveats: ["A close with SO_LINGER set to 0 counts in TCPAbortOnData."],
  },
  {
    name: "TcpExtTCPAbortFailed",
    incrementedBy: [
      {
        function: "tcp_send_active_reset",
        file: "net/ipv4/tcp_output.c",
        when: "There is no memory for the RST, or it cannot be sent.",
        since: null,
      },
    ],
    implies:
      "The host is out of memory, or its packets do not get out. The peer is not told that its " +
      "connection is gone.",
    remedy:
      "Look at the free memory of the host, at TCPMemoryPressures, and at the routes and filters " +
      "for what it sends.",
    netstatMisleads: "It need not be memory: a RST that could not be sent for another reason counts too.",
    caveats: ["The reset counts in OutRsts although it was not sent."],
  },
];
