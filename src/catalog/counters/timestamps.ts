import type { CounterTexts } from "../entry.ts";

export const timestamps: readonly CounterTexts[] = [
  {
    name: "TcpExtPAWSActive",
    incrementedBy: [
      {
        function: "tcp_rcv_synsent_state_process",
        file: "net/ipv4/tcp_input.c",
        when:
          "The SYN-ACK of an outgoing connection echoes a timestamp that does not lie between the " +
          "SYN's and now. It is answered with a reset.",
        since: null,
      },
    ],
    implies:
      "A peer, or something between that rewrites timestamps, answers with what belongs to another " +
      "connection.",
    remedy: "Look for a load balancer, NAT or firewall that rewrites TCP timestamps.",
    netstatMisleads: null,
    caveats: ["Rare: a steady rate has one peer or one box behind it."],
  },
  {
    name: "TcpExtPAWSEstab",
    incrementedBy: [
      {
        function: "tcp_validate_incoming",
        file: "net/ipv4/tcp_input.c",
        when: "A packet of an open connection has a timestamp older than the last one.",
        since: null,
      },
      {
        function: "tcp_check_req",
        file: "net/ipv4/tcp_minisocks.c",
        when: "The same for a half-open connection.",
        since: null,
      },
      {
        function: "tcp_timewait_state_process",
        file: "net/ipv4/tcp_minisocks.c",
        when: "The same for a connection in TIME_WAIT. Newer kernels count these in PAWSTimewait instead.",
        since: null,
      },
    ],
    implies:
      "Packets come very late or twice; or a port is used again so soon that its old connection " +
      "still waits here, as behind a NAT whose clients have clocks of their own.",
    remedy:
      "Where clients behind NAT cannot connect, look whether this host closes first and holds their " +
      "port in TIME_WAIT. Otherwise look at the path.",
    netstatMisleads:
      "Not only established connections: half-open ones count as well, and on older kernels those " +
      "in TIME_WAIT.",
    caveats: ["A few are normal wherever packets overtake each other."],
  },
];
