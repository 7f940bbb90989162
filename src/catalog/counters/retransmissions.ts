import type { CounterTexts } from "../entry.ts";

const NOT_WHERE =
  "It does not tell whether the path lost the packets or the other host dropped them: a full accept " +
  "queue or receive buffer over there looks like loss from here.";

export const retransmissions: readonly CounterTexts[] = [
  {
    name: "TcpRetransSegs",
    incrementedBy: [
      {
        function: "__tcp_retransmit_skb",
        file: "net/ipv4/tcp_output.c",
        when: "A connection sends segments again, a SYN among them.",
        since: null,
      },
      {
        function: "tcp_rtx_synack",
        file: "net/ipv4/tcp_output.c",
        when: "A SYN-ACK is sent again.",
        since: null,
      },
    ],
    implies:
      "Packets are lost on the way, or come late. RetransSegs / TCPOrigDataSent is the share. If " +
      "TCPSynRetrans makes up most of it, handshakes are not answered; if TCPFastRetrans does, " +
      "single packets are lost; with TCPTimeouts rising, whole bursts or the path.",
    remedy:
      "See whether one peer, one path or one interface is behind it: `ss -ti` shows retrans for " +
      "each connection, `ip -s link` the drops of the interfaces.",
    netstatMisleads: null,
    caveats: ["Every network loses some packets: compare it with what is usual on the host.", NOT_WHERE],
  },
  {
    name: "TcpExtTCPFastRetrans",
    incrementedBy: [
      {
        function: "tcp_xmit_retransmit_queue",
        file: "net/ipv4/tcp_output.c",
        when:
          "A segment that is taken for lost is sent again, and the connection has not run into a " +
          "timeout.",
        since: null,
      },
    ],
    implies: "Single packets are lost and soon mended: a busy link, a small buffer in a switch, a policer.",
    remedy: "As for RetransSegs.",
    netstatMisleads: null,
    caveats: [
      "Strong reordering on the path causes it without loss: TCPDSACKRecv then rises with it.",
      NOT_WHERE,
    ],
  },
  {
    name: "TcpExtTCPSlowStartRetrans",
    incrementedBy: [
      {
        function: "tcp_xmit_retransmit_queue",
        file: "net/ipv4/tcp_output.c",
        when: "A segment that is taken for lost is sent again while the connection recovers from a timeout.",
        since: null,
      },
    ],
    implies:
      "What is sent again after timeouts: connections that stood still for a fifth of a second or more.",
    remedy: "As for TCPTimeouts.",
    netstatMisleads: null,
    caveats: [
      "The first segment sent again at a timeout is not in it; TCPTimeouts counts the timeouts themselves.",
      NOT_WHERE,
    ],
  },
  {
    name: "TcpExtTCPLostRetransmit",
    incrementedBy: [
      {
        function: "tcp_mark_skb_lost",
        file: "net/ipv4/tcp_input.c",
        when: "A segment that was sent again is taken for lost once more.",
        since: null,
      },
    ],
    implies:
      "The path loses so much that what is sent again is lost too: heavy congestion, a policer, a " +
      "failing link.",
    remedy:
      "As for RetransSegs; where it is a large share of that, look for a link at its limit or a " +
      "policer.",
    netstatMisleads: null,
    caveats: [NOT_WHERE],
  },
  {
    name: "TcpExtTCPRetransFail",
    incrementedBy: [
      {
        function: "__tcp_retransmit_skb",
        file: "net/ipv4/tcp_output.c",
        when: "A segment should be sent again and the network stack of this host refuses it.",
        since: null,
      },
    ],
    implies:
      "The fault is on this host: no route, a packet filter, a full queue of the interface, or no " +
      "memory.",
    remedy:
      "Look at IpOutNoRoutes and IpOutDiscards, at the filters for outgoing packets, and at the " +
      "drops of `tc -s qdisc`.",
    netstatMisleads: null,
    caveats: ["The segments count in RetransSegs although they did not go out."],
  },
];
