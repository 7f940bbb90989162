import type { CounterTexts } from "../entry.ts";
import { PACKETS_NOT_CLIENTS } from "./common.ts";

export const listenOverflows: CounterTexts = {
  name: "TcpExtListenOverflows",
  incrementedBy: [
    {
      function: "tcp_conn_request",
      file: "net/ipv4/tcp_input.c",
      when:
        "A SYN arrives, over IPv4 or IPv6, while the accept queue is full. Earlier kernels, from about 3.9, " +
        "refused the SYN only when more than one fresh handshake was pending as well. Distributions have " +
        "carried the change back to older kernels.",
      since: "4.10",
    },
    {
      function: "tcp_v4_syn_recv_sock",
      file: "net/ipv4/tcp_ipv4.c",
      when:
        "The final ACK of an IPv4 handshake, or an ACK that returns a SYN cookie, arrives while the accept " +
        "queue is full.",
      since: "2.6.28 or earlier",
    },
    {
      function: "tcp_v6_syn_recv_sock",
      file: "net/ipv6/tcp_ipv6.c",
      when: "The same for an IPv6 handshake.",
      since: null,
    },
    {
      function: "tcp_get_syncookie_mss",
      file: "net/ipv4/tcp_input.c",
      when:
        "A BPF or XDP program that answers SYNs for the kernel asks for a cookie while the accept queue is " +
        "full. This place does not add to ListenDrops.",
      since: null,
    },
  ],
  implies:
    "An application does not accept connections as fast as they arrive. Its accept queue over time tells " +
    "which of three causes it is. Full at every look and PassiveOpens at 0: the application has stopped " +
    "accepting. Full at every look and PassiveOpens steady: it accepts too slowly. Empty again between the " +
    "overflows and PassiveOpens high: the queue is too short for the bursts.",
  remedy:
    "Find the listener first: in `ss -ltn`, Recv-Q is the accept queue and Send-Q its limit, and the queue is " +
    "full at Send-Q + 1. If it stays full, mend the application: it is stopped, deadlocked, in a long pause, " +
    "or has too few workers. A bigger backlog never helps an application that is too slow. If it drains " +
    "between bursts, raise the limit to the peak of arrivals per second times the longest pause in seconds. " +
    "The limit is the smaller of the backlog given to listen() and net.core.somaxconn at that moment: where " +
    "Send-Q is below somaxconn, raise the backlog in the application; where they are equal, raise somaxconn " +
    "too. Then restart the application or let it call listen() again, for a running listener keeps its old " +
    "limit. Leave net.ipv4.tcp_max_syn_backlog alone: it never sizes the accept queue.",
  netstatMisleads:
    "The line speaks of times, but each retransmitted SYN of one waiting client counts again; and " +
    "it names no socket, though the queue of one listener may be behind all of it.",
  caveats: [
    PACKETS_NOT_CLIENTS,
    "The queue is full when it holds more than its limit, so a backlog of N holds N + 1 connections.",
    "The limit is fixed when listen() is called. Raising net.core.somaxconn under a running listener changes " +
      "nothing. somaxconn is 4096 by default since kernel 5.4, and was 128 before.",
    "Before 4.10 most overflows came at the final ACK, after the client took itself for connected; since then " +
      "most come at the SYN. Do not compare hosts across that line.",
    "With net.ipv4.tcp_abort_on_overflow=1 a refused final ACK is answered with a reset, and EmbryonicRsts and " +
      "OutRsts rise with it. A refused SYN is dropped in silence all the same.",
    "Nearly every overflow is counted in ListenDrops too, so never add the two.",
    "With SO_REUSEPORT one port has several listeners, each with a queue of its own: one of them can overflow " +
      "while the others are empty.",
    "DCCP listeners count here as well.",
  ],
};
