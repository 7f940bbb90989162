import type { CounterTexts } from "../entry.ts";

const RECEIVE_BUFFER =
  "A small SO_RCVBUF set by the application has the same effect as a slow reader: it also switches off the " +
  "kernel's own growing of the buffer.";

const SLOW_READER =
  "Look for the application that does not read: its connections have a large Recv-Q in `ss -tn`. A " +
  "larger receive buffer (net.ipv4.tcp_rmem) only puts it off. If TCPMemoryPressures rises too, " +
  "look there first.";

export const receiveQueue: readonly CounterTexts[] = [
  {
    name: "TcpExtPruneCalled",
    incrementedBy: [
      {
        function: "tcp_prune_queue",
        file: "net/ipv4/tcp_input.c",
        when:
          "A packet arrives for a connection whose receive buffer is used up, or that TCP has no " +
          "memory for.",
        since: null,
      },
    ],
    implies: "An application reads too slowly, its receive buffer is too small, or TCP is short of memory.",
    remedy: SLOW_READER,
    netstatMisleads:
      "They are not packets: it counts the attempts to make room, and RcvPruned those that failed.",
    caveats: [RECEIVE_BUFFER, "By itself nothing is lost yet."],
  },
  {
    name: "TcpExtRcvPruned",
    incrementedBy: [
      {
        function: "tcp_prune_queue",
        file: "net/ipv4/tcp_input.c",
        when:
          "Squeezing the queues together did not free enough, and the packet that asked for room is " +
          "dropped.",
        since: null,
      },
    ],
    implies:
      "Data is dropped although it arrived whole. The peer sends it again, and believes in loss on " +
      "the path.",
    remedy: SLOW_READER,
    netstatMisleads: "Nothing is taken out of the receive queue: the packet that arrives is dropped.",
    caveats: [RECEIVE_BUFFER],
  },
  {
    name: "TcpExtOfoPruned",
    incrementedBy: [
      {
        function: "tcp_prune_ofo_queue",
        file: "net/ipv4/tcp_input.c",
        when: "Data that waits for a gap to be filled is thrown away to make room.",
        since: null,
      },
    ],
    implies: "Loss on the path meets a full receive buffer: the peer must send again what had arrived.",
    remedy: SLOW_READER,
    netstatMisleads: "They are not packets: it counts the times, and each may throw many packets away.",
    caveats: [RECEIVE_BUFFER],
  },
  {
    name: "TcpExtTCPRcvCollapsed",
    incrementedBy: [
      {
        function: "tcp_collapse_one",
        file: "net/ipv4/tcp_input.c",
        when: "Packets in a queue are copied together to use less memory, and one of them is freed.",
        since: null,
      },
    ],
    implies: "As PruneCalled, with CPU time spent on copying.",
    remedy: SLOW_READER,
    netstatMisleads: null,
    caveats: [
      "Nothing is lost.",
      "Many small packets bring it about sooner than few large ones: each costs memory of its own.",
    ],
  },
  {
    name: "TcpExtTCPRcvQDrop",
    incrementedBy: [
      {
        function: "tcp_data_queue",
        file: "net/ipv4/tcp_input.c",
        when:
          "Data in order arrives, other data is waiting already, and there is no receive buffer or " +
          "TCP memory for it.",
        since: null,
      },
      {
        function: "tcp_send_rcvq",
        file: "net/ipv4/tcp_input.c",
        when:
          "The queue of a connection is being restored, as by a checkpoint, and there is no memory " +
          "for it.",
        since: null,
      },
    ],
    implies:
      "Data is lost for lack of memory or because an application does not read. The peer sends it " +
      "again.",
    remedy: SLOW_READER,
    netstatMisleads: null,
    caveats: [RECEIVE_BUFFER],
  },
  {
    name: "TcpExtTCPBacklogDrop",
    incrementedBy: [
      {
        function: "tcp_add_backlog",
        file: "net/ipv4/tcp_ipv4.c",
        when:
          "A packet arrives while the application holds the socket in a system call, and what waits " +
          "for it already exceeds twice the receive buffer, half the send buffer and 64 KB " +
          "together.",
        since: null,
      },
    ],
    implies:
      "Packets come in faster than one thread takes them from one connection: a very fast peer, or " +
      "an application that is held up inside a system call.",
    remedy:
      "Look at the CPU that the application and the network card's interrupts run on. Spread the " +
      "traffic over more connections. The backlog of listen() has nothing to do with it.",
    netstatMisleads: "The name suggests the queue of a listener. It is the queue of one open connection.",
    caveats: ["The packets are sent again: it costs time, no connection."],
  },
];
