import type { CounterTexts } from "../entry.ts";

export const timeouts: readonly CounterTexts[] = [
  {
    name: "TcpExtTCPTimeouts",
    incrementedBy: [
      {
        function: "tcp_retransmit_timer",
        file: "net/ipv4/tcp_timer.c",
        when:
          "The retransmission timer of a connection runs out: its SYN, data or FIN was not " +
          "acknowledged in time.",
        since: null,
      },
      {
        function: "tcp_syn_ack_timeout",
        file: "net/ipv4/tcp_timer.c",
        when: "The timer of a half-open incoming connection runs out: its SYN-ACK was not answered in time.",
        since: null,
      },
    ],
    implies:
      "Connections stand still: the path or the peer has gone, or loses whole bursts. Rising with " +
      "TCPSynRetrans alone, it is handshakes that are not answered.",
    remedy:
      "Find the peers: `ss -to` shows the timers that run, with their retries. Look at the path to " +
      "them and at the load of the other host.",
    netstatMisleads: null,
    caveats: [
      "It is the only counter that moves when a half-open connection times out.",
      "Each further timeout of one connection counts again, at growing distances.",
      "Every network has some: compare it with what is usual on the host.",
    ],
  },
  {
    name: "TcpExtTCPSpuriousRTOs",
    incrementedBy: [
      {
        function: "tcp_try_undo_loss",
        file: "net/ipv4/tcp_input.c",
        when: "After a timeout the acknowledgements show that the first copy had arrived (F-RTO).",
        since: null,
      },
    ],
    implies:
      "The path or the peer stops for a moment and then goes on: a busy virtual machine, a radio " +
      "link, a deep queue.",
    remedy: "Look for pauses: steal time of this or the other host, queues that fill on the way.",
    netstatMisleads: null,
    caveats: ["Not every needless timeout is noticed."],
  },
  {
    name: "TcpExtTCPLossProbes",
    incrementedBy: [
      {
        function: "tcp_send_loss_probe",
        file: "net/ipv4/tcp_output.c",
        when:
          "The last segments of a burst are not acknowledged in about two round trips, and one is " +
          "sent again, or new data, to find out.",
        since: null,
      },
    ],
    implies:
      "Acknowledgements come late or the ends of bursts are lost. Only TCPLossProbeRecovery says " +
      "how often something was lost.",
    remedy: null,
    netstatMisleads: null,
    caveats: ["Peers that delay their ACKs cause it without loss."],
  },
  {
    name: "TcpExtTCPLossProbeRecovery",
    incrementedBy: [
      {
        function: "tcp_process_tlp_ack",
        file: "net/ipv4/tcp_input.c",
        when: "The answer to a probe shows that a segment had been lost and the probe replaced it.",
        since: null,
      },
    ],
    implies: "Losses at the ends of bursts that cost no timeout.",
    remedy: "As for RetransSegs, where it is high.",
    netstatMisleads: null,
    caveats: [
      "Compare it with TCPLossProbes: the rest of those found no loss, or left it to the normal " +
        "recovery.",
    ],
  },
  {
    name: "TcpExtTCPSpuriousRtxHostQueues",
    incrementedBy: [
      {
        function: "skb_still_in_host_queue",
        file: "net/ipv4/tcp_output.c",
        when:
          "A segment is due to be sent again while its first copy still waits in the queue of an " +
          "interface or driver.",
        since: null,
      },
    ],
    implies:
      "Packets wait so long in this host that timers run out: the queue of an interface is too " +
      "full, or its driver stalls.",
    remedy: "Look at the backlog of `tc -s qdisc`, at shaping, and at the driver of the network card.",
    netstatMisleads: null,
    caveats: ["The retransmission is not made, so it is in no other counter."],
  },
  {
    name: "TcpExtTCPDSACKRecv",
    incrementedBy: [
      {
        function: "tcp_check_dsack",
        file: "net/ipv4/tcp_input.c",
        when: "A peer reports by D-SACK that it received data which it had acknowledged before.",
        since: null,
      },
    ],
    implies:
      "This host sends again what had arrived: timers too short for the path, ACKs lost on the way " +
      "back, reordering, or packets doubled by the network.",
    remedy:
      "Compare it with RetransSegs: where it is most of it, look for delay and reordering rather " +
      "than loss.",
    netstatMisleads: null,
    caveats: ["Reports of data that was received twice out of order count in TCPDSACKOfoRecv."],
  },
];
