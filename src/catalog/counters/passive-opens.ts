import type { CounterTexts } from "../entry.ts";

export const passiveOpens: CounterTexts = {
  name: "TcpPassiveOpens",
  incrementedBy: [
    {
      function: "tcp_create_openreq_child",
      file: "net/ipv4/tcp_minisocks.c",
      when:
        "The final ACK of a handshake, or an ACK that returns a SYN cookie, makes the socket of the new " +
        "connection. While the accept queue is full this is not reached.",
      since: null,
    },
  ],
  implies:
    "How many new connections this host takes: the good ones, beside which refusals are measured. While an " +
    "accept queue stays full it is the speed at which the application accepts. At 0 with overflows rising, the " +
    "application has stopped accepting; at 0 with resets sent, its port is closed.",
  remedy:
    "By itself it needs none. If it falls while ListenOverflows rises, follow that counter. If it falls and " +
    "nothing else moves, fewer clients are coming: look in front of this host.",
  netstatMisleads:
    "Connections that wait in an accept queue are counted already, although no application has seen " +
    "them.",
  caveats: [
    "It is counted when the handshake ends, not at the SYN, whatever the kernel's own documentation says: " +
      "4,000 forged SYNs beside 60 real clients left it at 60.",
    "It is counted before accept(), so it runs ahead of what the application knows, by up to one full queue for " +
      "each listener.",
    "ListenOverflows divided by the sum of it and ListenOverflows is not the share of clients lost: the one " +
      "counts connections, the other packets. Nor is it the most that the share can be: clients who got in late " +
      "are counted here as well.",
  ],
};
