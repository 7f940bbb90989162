import type { CounterTexts } from "../entry.ts";

const BOTH = "By itself it is flow control at work: a slow reader holds up a fast sender, as it should.";

export const windows: readonly CounterTexts[] = [
  {
    name: "TcpExtTCPZeroWindowDrop",
    incrementedBy: [
      {
        function: "tcp_data_queue",
        file: "net/ipv4/tcp_input.c",
        when: "Data arrives while the receive window of the connection is closed.",
        since: null,
      },
    ],
    implies:
      "A peer probes a closed window with data, or sends more than it may. The application here " +
      "does not read.",
    remedy: "Look for the application that does not read: its connections have a large Recv-Q in `ss -tn`.",
    netstatMisleads: null,
    caveats: [BOTH],
  },
  {
    name: "TcpExtTCPToZeroWindowAdv",
    incrementedBy: [
      {
        function: "tcp_select_window",
        file: "net/ipv4/tcp_output.c",
        when: "The window that this host offers to a peer goes to 0.",
        since: null,
      },
    ],
    implies: "An application does not read as fast as its peer sends, and the receive buffer is full.",
    remedy: "Mend the slow reader; a larger receive buffer helps only against bursts.",
    netstatMisleads: null,
    caveats: [
      BOTH,
      "If it runs ahead of TCPFromZeroWindowAdv, windows stay closed, and those connections stand still.",
    ],
  },
  {
    name: "TcpExtTCPFromZeroWindowAdv",
    incrementedBy: [
      {
        function: "tcp_select_window",
        file: "net/ipv4/tcp_output.c",
        when: "The window that this host offers to a peer was 0 and opens.",
        since: null,
      },
    ],
    implies: "Applications read again after the window was closed.",
    remedy: null,
    netstatMisleads: null,
    caveats: ["Compare it with TCPToZeroWindowAdv."],
  },
  {
    name: "TcpExtTCPWantZeroWindowAdv",
    incrementedBy: [
      {
        function: "tcp_select_window",
        file: "net/ipv4/tcp_output.c",
        when: "The buffer is full, but a window once offered is not taken back.",
        since: null,
      },
    ],
    implies: "As TCPToZeroWindowAdv, a moment earlier.",
    remedy: "As for TCPToZeroWindowAdv.",
    netstatMisleads: null,
    caveats: [BOTH],
  },
  {
    name: "TcpExtTCPWinProbe",
    incrementedBy: [
      {
        function: "tcp_xmit_probe_skb",
        file: "net/ipv4/tcp_output.c",
        when: "The window of a peer stays closed, and this host asks whether it is still there.",
        since: null,
      },
    ],
    implies: "Peers do not read what this host sends, or announced a closed window and vanished.",
    remedy: "Run `ss -to`: the peers of the connections with a persist timer are slow or gone.",
    netstatMisleads: null,
    caveats: [
      "A peer that answers its probes is kept however long it does not read, unless the application " +
        "set TCP_USER_TIMEOUT.",
    ],
  },
];
