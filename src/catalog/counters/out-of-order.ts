import type { CounterTexts } from "../entry.ts";

export const outOfOrder: readonly CounterTexts[] = [
  {
    name: "TcpExtTCPOFOQueue",
    incrementedBy: [
      {
        function: "tcp_data_queue_ofo",
        file: "net/ipv4/tcp_input.c",
        when: "Data arrives beyond a gap and is kept.",
        since: null,
      },
    ],
    implies:
      "Packets to this host are lost or overtake each other. It is the receiver's sight of loss: " +
      "the peer's RetransSegs rises with it.",
    remedy:
      "Look at the drops of the interfaces (`ip -s link`, `ethtool -S`) and at the path from the peers.",
    netstatMisleads: null,
    caveats: ["One lost packet makes every packet after it count, until the gap is filled."],
  },
  {
    name: "TcpExtTCPOFODrop",
    incrementedBy: [
      {
        function: "tcp_data_queue_ofo",
        file: "net/ipv4/tcp_input.c",
        when: "Data arrives beyond a gap, and there is no receive buffer or TCP memory for it.",
        since: null,
      },
    ],
    implies: "Loss on the path meets a full receive buffer or memory pressure.",
    remedy: "As for TCPRcvQDrop.",
    netstatMisleads: null,
    caveats: ["Each one counts in PruneCalled as well."],
  },
];
