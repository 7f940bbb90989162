import type { CounterTexts } from "../entry.ts";

const WRONG_CHECKSUM: CounterTexts["incrementedBy"] = [
  {
    function: "tcp_v4_do_rcv",
    file: "net/ipv4/tcp_ipv4.c",
    when: "A segment of an IPv4 connection has a wrong checksum.",
    since: null,
  },
  { function: "tcp_v6_do_rcv", file: "net/ipv6/tcp_ipv6.c", when: "The same for IPv6.", since: null },
  {
    function: "tcp_add_backlog",
    file: "net/ipv4/tcp_ipv4.c",
    when: "The same while the application holds the socket.",
    since: null,
  },
];

export const segments: readonly CounterTexts[] = [
  {
    name: "TcpInSegs",
    incrementedBy: [
      {
        function: "tcp_v4_rcv",
        file: "net/ipv4/tcp_ipv4.c",
        when: "TCP receives an IPv4 packet that is meant for this host, good or bad.",
        since: null,
      },
      { function: "tcp_v6_rcv", file: "net/ipv6/tcp_ipv6.c", when: "The same for IPv6.", since: null },
    ],
    implies: "How much TCP traffic comes in: the scale for everything else.",
    remedy: null,
    netstatMisleads: null,
    caveats: [
      "Packets that the network card or the kernel merged on the way in (GRO) count once, so it is " +
        "below what is on the wire.",
    ],
  },
  {
    name: "TcpOutSegs",
    incrementedBy: [
      {
        function: "__tcp_transmit_skb",
        file: "net/ipv4/tcp_output.c",
        when: "A connection sends new data, a SYN, a FIN or a pure ACK.",
        since: null,
      },
      {
        function: "tcp_make_synack",
        file: "net/ipv4/tcp_output.c",
        when: "A SYN-ACK is made, also when it is sent again.",
        since: null,
      },
      {
        function: "tcp_v4_send_reset",
        file: "net/ipv4/tcp_ipv4.c",
        when: "A RST answers an IPv4 packet that belongs to no connection.",
        since: null,
      },
      {
        function: "tcp_v4_send_ack",
        file: "net/ipv4/tcp_ipv4.c",
        when: "An ACK is sent over IPv4 for a connection in TIME_WAIT or half open.",
        since: null,
      },
      {
        function: "tcp_v6_send_response",
        file: "net/ipv6/tcp_ipv6.c",
        when: "The same, RST or ACK, over IPv6.",
        since: null,
      },
    ],
    implies: "How much TCP traffic goes out.",
    remedy: null,
    netstatMisleads: "Segments sent again are not in it, though they were sent.",
    caveats: [
      "Pure ACKs are in it, so RetransSegs / OutSegs is not the share of data lost: divide by " +
        "TCPOrigDataSent.",
      "A packet that the network card cuts up (GSO) counts as the segments it becomes, while InSegs " +
        "counts merged ones once: the two do not compare.",
    ],
  },
  {
    name: "TcpExtTCPOrigDataSent",
    incrementedBy: [
      {
        function: "tcp_event_new_data_sent",
        file: "net/ipv4/tcp_output.c",
        when: "Segments with new data go out.",
        since: null,
      },
      {
        function: "tcp_send_syn_data",
        file: "net/ipv4/tcp_output.c",
        when: "A SYN goes out with data, by Fast Open.",
        since: null,
      },
    ],
    implies:
      "The denominator for losses: RetransSegs / TCPOrigDataSent is the share of data segments that " +
      "had to be sent again.",
    remedy: null,
    netstatMisleads: null,
    caveats: ["RetransSegs also has the SYNs and SYN-ACKs: take TCPSynRetrans off it first."],
  },
  {
    name: "TcpInErrs",
    incrementedBy: [
      {
        function: "tcp_v4_rcv",
        file: "net/ipv4/tcp_ipv4.c",
        when: "An IPv4 segment has a broken header, or a wrong checksum and no connection that it belongs to.",
        since: null,
      },
      { function: "tcp_v6_rcv", file: "net/ipv6/tcp_ipv6.c", when: "The same for IPv6.", since: null },
      ...WRONG_CHECKSUM,
      {
        function: "tcp_rcv_established",
        file: "net/ipv4/tcp_input.c",
        when: "A segment of an open connection is shorter than its header, or has a wrong checksum.",
        since: null,
      },
      {
        function: "tcp_validate_incoming",
        file: "net/ipv4/tcp_input.c",
        when: "A SYN arrives within the window of an open connection.",
        since: null,
      },
    ],
    implies:
      "InCsumErrors says how much of it is wrong checksums: packets damaged on the way, or a " +
      "network card that gets them wrong. The rest is broken or forged packets.",
    remedy:
      "For checksums, look at the network card, its driver and the cables. For the rest, see who " +
      "sends them.",
    netstatMisleads: null,
    caveats: ["Packets that the network card threw away are not in it: `ethtool -S` counts those."],
  },
  {
    name: "TcpInCsumErrors",
    incrementedBy: [
      {
        function: "tcp_v4_rcv",
        file: "net/ipv4/tcp_ipv4.c",
        when: "An IPv4 segment has a wrong checksum and no connection that it belongs to.",
        since: null,
      },
      { function: "tcp_v6_rcv", file: "net/ipv6/tcp_ipv6.c", when: "The same for IPv6.", since: null },
      ...WRONG_CHECKSUM,
      {
        function: "tcp_rcv_established",
        file: "net/ipv4/tcp_input.c",
        when: "A segment of an open connection has a wrong checksum.",
        since: null,
      },
    ],
    implies:
      "Packets are damaged on the way, or by a network card or a driver. The peers send them again, " +
      "so connections get slow.",
    remedy:
      "Look at the network card, its driver and the cables; switch checksum offload off to see " +
      "whether it is at fault.",
    netstatMisleads: null,
    caveats: ["Each one counts in InErrs too."],
  },
];
