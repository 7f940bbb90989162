import type { CounterTexts } from "../entry.ts";

export const attemptFails: CounterTexts = {
  name: "TcpAttemptFails",
  incrementedBy: [
    {
      function: "tcp_done",
      file: "net/ipv4/tcp.c",
      when:
        "A socket ends in state SYN_SENT or SYN_RECV: the peer refused an outgoing connection, or the kernel " +
        "gave up on it.",
      since: null,
    },
    {
      function: "tcp_check_req",
      file: "net/ipv4/tcp_minisocks.c",
      when:
        "A half-open incoming connection receives a RST, or a SYN where its final ACK should be. A client's " +
        "RST adds to EmbryonicRsts too.",
      since: null,
    },
  ],
  implies:
    "Compare it with ActiveOpens and EmbryonicRsts. Rising with ActiveOpens and without EmbryonicRsts: a service " +
    "that this host calls refuses connections, or does not answer. Equal to EmbryonicRsts with ActiveOpens flat: " +
    "somebody opens connections here and resets them half-way, as port scans and the health checks of some load " +
    "balancers do.",
  remedy:
    "For outgoing failures find the peer: its port is closed, or it does not answer at all, as behind a firewall, " +
    "a wrong route or a full accept queue. For incoming ones find who probes; a scan or a health check needs no " +
    "change on this host.",
  netstatMisleads:
    "It reads like failures of this host to connect, but incoming half-open connections that were " +
    "reset are in the same number.",
  caveats: [
    "Both directions are in one number: 100 refused outgoing connections and 100 scanned ports look the same " +
      "until ActiveOpens and EmbryonicRsts are laid beside it.",
    "It misses a peer that never answers when the application gives up before the kernel does: 50 such " +
      "connections counted 0 here, and 100 in TCPSynRetrans.",
    "A half-open incoming connection that times out is not counted here: only TCPTimeouts rises.",
    "It is not a count of resets received.",
    "Recent kernels accept a RST on a half-open connection only with the exact sequence number, so they count " +
      "slightly fewer.",
  ],
};
