import type { CounterTexts } from "../entry.ts";
import { PACKETS_NOT_CLIENTS } from "./common.ts";

export const listenDrops: CounterTexts = {
  name: "TcpExtListenDrops",
  incrementedBy: [
    {
      function: "tcp_listendrop",
      file: "include/net/tcp.h",
      when:
        "The one function that adds to it: all the places below call it. It adds to the drop count of the " +
        "listener itself too, the d of `ss -m`.",
      since: "4.7",
    },
    {
      function: "tcp_conn_request",
      file: "net/ipv4/tcp_input.c",
      when:
        "A SYN is refused: the accept queue is full; or SYN cookies are off and either the SYN queue is full " +
        "or the last quarter of tcp_max_syn_backlog is reached; or there is no memory, no route back to the " +
        "client, a refusal by a security module, or a bad TCP-AO option.",
      since: null,
    },
    {
      function: "tcp_v4_syn_recv_sock",
      file: "net/ipv4/tcp_ipv4.c",
      when:
        "The final ACK of an IPv4 handshake, or an ACK that returns a SYN cookie, cannot become a connection: " +
        "the accept queue is full, or there is no memory or no route, or the port cannot be inherited.",
      since: "2.6.28 or earlier",
    },
    {
      function: "tcp_v6_syn_recv_sock",
      file: "net/ipv6/tcp_ipv6.c",
      when: "The same for an IPv6 handshake.",
      since: null,
    },
    {
      function: "tcp_v4_conn_request",
      file: "net/ipv4/tcp_ipv4.c",
      when: "A SYN was sent to a broadcast or multicast address.",
      since: null,
    },
    {
      function: "tcp_v6_conn_request",
      file: "net/ipv6/tcp_ipv6.c",
      when: "A SYN was sent to an IPv6 address that is not unicast.",
      since: null,
    },
    {
      function: "tcp_req_err",
      file: "net/ipv4/tcp_ipv4.c",
      when: "An ICMP error ends a half-open connection.",
      since: null,
    },
    {
      function: "subflow_v4_conn_request",
      file: "net/mptcp/subflow.c",
      when: "A SYN to an MPTCP listener was sent to a broadcast or multicast address.",
      since: null,
    },
  ],
  implies:
    "Clients were refused or made to wait. Subtract to see why: as large as ListenOverflows, the accept queue " +
    "was full; larger by TCPReqQFullDrop, the SYN queue was full with SYN cookies off; larger still, look for " +
    "lack of memory, a missing route back to the clients, or a security module that refuses.",
  remedy:
    "For the part that ListenOverflows explains, do what is said there: mend a slow application, or give a " +
    "bursty one a bigger backlog in listen(), within net.core.somaxconn. For the part that TCPReqQFullDrop " +
    "explains, set net.ipv4.tcp_syncookies=1. For the rest, look at TCPMemoryPressures, TCPAbortOnMemory, " +
    "PruneCalled, RcvPruned and TCPRcvQDrop, and at the routes back to the clients. Raising " +
    "net.ipv4.tcp_max_syn_backlog does nothing for an accept queue, and since 4.4 is read only with SYN cookies off.",
  netstatMisleads:
    "Not only SYNs: final ACKs of handshakes count as well, and so do half-open connections that an " +
    'ICMP error ended. Older net-tools print "ignored" in place of "dropped".',
  caveats: [
    PACKETS_NOT_CLIENTS,
    "Pressure on the SYN queue does not show here while SYN cookies are on, which is the default: 4,000 forged " +
      "SYNs left it at 0. Watch TCPReqQFullDoCookies and SyncookiesSent for that.",
    "A half-open connection that times out counts nothing here.",
    "Packets that a packet filter or connection tracking throws away never reach a listener and do " +
      "not count.",
    "It is not always at least ListenOverflows: an XDP program that answers SYNs raises " +
      "ListenOverflows alone.",
    "The d of one listener in `ss -m` is not its share of ListenDrops. Scans, resets of half-open connections, " +
      "repeated SYNs and TCP_DEFER_ACCEPT raise d alone, and one refused final ACK adds 2 to it.",
    "Since 4.10 a full accept queue refuses the SYN; before, the final ACK was refused and the client took itself " +
      "for connected. Do not compare hosts across that line.",
  ],
};
