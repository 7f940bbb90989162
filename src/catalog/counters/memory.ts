import type { CounterTexts } from "../entry.ts";

const OF_THE_HOST =
  "The pressure is the host's, but it is counted in the namespace of the connection that happened " +
  "to notice it.";

export const memory: readonly CounterTexts[] = [
  {
    name: "TcpExtTCPMemoryPressures",
    incrementedBy: [
      {
        function: "tcp_enter_memory_pressure",
        file: "net/ipv4/tcp.c",
        when:
          "TCP passes the second number of net.ipv4.tcp_mem, or finds no memory for what it should " +
          "send, and was not under pressure before.",
        since: null,
      },
    ],
    implies:
      "TCP holds more memory than it should. Buffers shrink, connections get slow; beyond the third " +
      "number of tcp_mem packets are dropped and closed connections reset.",
    remedy:
      "Find what fills the buffers: `ss -tm` shows the memory of each connection, and a large " +
      "Recv-Q an application that does not read. Raise net.ipv4.tcp_mem only where the host has " +
      "memory to spare.",
    netstatMisleads: null,
    caveats: [
      "It counts the beginnings: one long spell is 1. TCPMemoryPressuresChrono has the length.",
      "The memory limit of a container's control group refuses memory too, without this counter.",
      OF_THE_HOST,
    ],
  },
  {
    name: "TcpExtTCPMemoryPressuresChrono",
    incrementedBy: [
      {
        function: "tcp_leave_memory_pressure",
        file: "net/ipv4/tcp.c",
        when: "The pressure ends: its length in milliseconds is added.",
        since: null,
      },
    ],
    implies: "How long TCP was under memory pressure.",
    remedy: "As for TCPMemoryPressures.",
    netstatMisleads: null,
    caveats: ["It stands still while a spell lasts, and jumps when it ends.", OF_THE_HOST],
  },
  {
    name: "TcpExtPFMemallocDrop",
    incrementedBy: [
      {
        function: "sk_filter_trim_cap",
        file: "net/core/filter.c",
        when:
          "A packet that was received into the memory reserve reaches a socket that does not help " +
          "to free memory.",
        since: null,
      },
    ],
    implies:
      "The host was so short of memory that the network card had to use the reserve. Packets of " +
      "every protocol are dropped until it recovers.",
    remedy: "Free memory on the host: find what uses it up.",
    netstatMisleads: null,
    caveats: ["Not only TCP: sockets of other protocols count as well."],
  },
];
