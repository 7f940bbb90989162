import type { CounterTexts } from "../entry.ts";

export const estabResets: CounterTexts = {
  name: "TcpEstabResets",
  incrementedBy: [
    {
      function: "tcp_set_state",
      file: "net/ipv4/tcp.c",
      when:
        "A connection goes from ESTABLISHED or CLOSE_WAIT straight to CLOSE: a reset arrives, the application " +
        "closes with data unread or with a linger time of 0, keepalive gives the peer up, or the kernel aborts " +
        "the connection.",
      since: null,
    },
  ],
  implies:
    "Compare it with OutRsts. OutRsts flat: the clients end the connections, often because they grew tired of " +
    "waiting. OutRsts rising as much, with TCPAbortOnClose or TCPAbortOnData: this host ends them. One short " +
    "burst together with PassiveOpens at 0: a listener was closed with connections still in its queue, as at a " +
    "restart.",
  remedy:
    "If clients abort, look for what was slow before they did. If this host aborts, let the application read what " +
    "is left before it closes, and not set SO_LINGER to 0. At restarts, drain the listener before " +
    "closing it.",
  netstatMisleads: "Connections that this host aborted itself are in the same number.",
  caveats: [
    "Both sides count: on loopback one aborted connection adds 2.",
    "A healthy server can show one for each connection, when its clients close without reading the whole reply. " +
      "By itself it is never a reason to wake somebody.",
    "Connections that were still in an accept queue when their listener closed count here, though no application " +
      "ever saw them.",
  ],
};
