import type { CounterTexts } from "../entry.ts";

export const halfOpen: readonly CounterTexts[] = [
  {
    name: "TcpExtEmbryonicRsts",
    incrementedBy: [
      {
        function: "tcp_check_req",
        file: "net/ipv4/tcp_minisocks.c",
        when:
          "A half-open connection receives a RST, or a SYN where its final ACK should be; or its " +
          "final ACK finds the accept queue full while net.ipv4.tcp_abort_on_overflow is 1, and " +
          "this host resets it.",
        since: null,
      },
    ],
    implies:
      "Somebody opens connections and ends them half-way. Equal to AttemptFails with ActiveOpens " +
      "flat: a port scan, or the health checks of some load balancers. Rising with ListenOverflows: " +
      "tcp_abort_on_overflow turns overflows into resets.",
    remedy:
      "A scan or a health check needs no change on this host. Where tcp_abort_on_overflow is 1, set " +
      "it to 0 unless clients are meant to fail at once, and follow ListenOverflows.",
    netstatMisleads:
      "Not only resets received: those that this host sends with net.ipv4.tcp_abort_on_overflow=1 " +
      "are in it, and no counter tells them apart.",
    caveats: [
      "A reset from the client adds to AttemptFails too; one sent because of tcp_abort_on_overflow does not.",
      "A half-open connection that times out does not count here: only TCPTimeouts rises.",
      "Recent kernels accept a RST on a half-open connection only with the exact sequence number, " +
        "so they count slightly fewer.",
    ],
  },
  {
    name: "TcpExtTCPSynRetrans",
    incrementedBy: [
      {
        function: "__tcp_retransmit_skb",
        file: "net/ipv4/tcp_output.c",
        when: "A SYN of an outgoing connection is sent again.",
        since: null,
      },
      {
        function: "tcp_rtx_synack",
        file: "net/ipv4/tcp_output.c",
        when:
          "A SYN-ACK of an incoming connection is sent again: its timer ran out, or the client " +
          "repeated its SYN.",
        since: null,
      },
    ],
    implies:
      "Handshakes are not answered. With ActiveOpens about as high, a service that this host calls " +
      "does not answer: it is gone, filtered, or its accept queue is full. With ActiveOpens low, " +
      "clients do not answer the SYN-ACKs of this host: a flood of forged SYNs, or no way back to " +
      "them.",
    remedy:
      "Run `ss -tn state syn-sent` for the peers that do not answer, and `ss -tn state syn-recv` " +
      "for the clients. Look at the firewall, the routes, and at ListenOverflows of the other host.",
    netstatMisleads: null,
    caveats: [
      "Both directions are in one number.",
      "It shows a blackhole that AttemptFails misses: 50 attempts that the application gave up on " +
        "were 100 here and 0 there.",
      "Every network loses some packets: compare it with what is usual on the host.",
      "Each one counts in RetransSegs too.",
    ],
  },
  {
    name: "TcpExtTCPDeferAcceptDrop",
    incrementedBy: [
      {
        function: "tcp_check_req",
        file: "net/ipv4/tcp_minisocks.c",
        when:
          "The final ACK of a handshake carries no data, and the listener has TCP_DEFER_ACCEPT set: " +
          "the connection waits for the first data.",
        since: null,
      },
    ],
    implies: "Nothing bad: a server that sets TCP_DEFER_ACCEPT moves it with every healthy connection.",
    remedy: null,
    netstatMisleads:
      "It is called a drop, but no connection is lost: the ACK is held back, and the data that " +
      "follows completes it.",
    caveats: [
      "The d of the listener in `ss -m` rises with it, so that d says nothing of overflows there.",
      "Clients that connect and wait for the server to speak first are held up by TCP_DEFER_ACCEPT.",
    ],
  },
];
