import type { CounterTexts } from "../entry.ts";

const SAME_LIMIT =
  "Since 4.4 the SYN queue has the limit of the accept queue: the smaller of the backlog given to listen() " +
  "and net.core.somaxconn at that moment, and not net.ipv4.tcp_max_syn_backlog.";

export const synQueue: readonly CounterTexts[] = [
  {
    name: "TcpExtTCPReqQFullDoCookies",
    incrementedBy: [
      {
        function: "tcp_syn_flood_action",
        file: "net/ipv4/tcp_input.c",
        when:
          "A SYN arrives while the SYN queue is full and SYN cookies are on; or for every SYN where " +
          "net.ipv4.tcp_syncookies is 2.",
        since: null,
      },
    ],
    implies:
      "More handshakes are pending than the listener may hold. The kernel goes on without keeping " +
      "them, so clients still connect. Whether it is a flood is told by the cookies that come back: " +
      "SyncookiesRecv below a fifth of SyncookiesSent is a flood, over a half is an honest burst or " +
      "a slow application.",
    remedy:
      "In an honest burst, raise the backlog in the application's listen() call, and " +
      "net.core.somaxconn if it is the limit. Where the application is slow or stopped, its accept " +
      "queue is full as well and ListenOverflows rises: mend the application, for a larger queue " +
      "will not help. In a flood, leave SYN cookies on and stop the SYNs in front of this host.",
    netstatMisleads: null,
    caveats: [
      "Neither ListenDrops nor the d of `ss -m` moves with it: 4,000 forged SYNs left both at 0.",
      'It does not prove an attack, though the kernel writes "Possible SYN flooding" to its log: ' +
        "400 honest clients on a backlog of 16 did the same.",
      "A SYN counts here and is dropped all the same when the accept queue is full too: then " +
        "SyncookiesSent does not rise, and ListenOverflows does.",
      SAME_LIMIT,
      "A connection made by a SYN cookie can lack TCP options that the client offered.",
    ],
  },
  {
    name: "TcpExtTCPReqQFullDrop",
    incrementedBy: [
      {
        function: "tcp_syn_flood_action",
        file: "net/ipv4/tcp_input.c",
        when:
          "A SYN arrives while the SYN queue is full, and net.ipv4.tcp_syncookies is 0 or the " +
          "kernel was built without SYN cookies.",
        since: null,
      },
    ],
    implies:
      "Clients cannot connect, or wait a second or more for it. A flood does this with few packets: " +
      "4,000 forged SYNs kept 60 of 60 real clients out.",
    remedy:
      "Set net.ipv4.tcp_syncookies=1. For an honest burst, raise the backlog in the application's listen() call, " +
      "within net.core.somaxconn, as well. Where the accept queue is full too, mend the application first.",
    netstatMisleads: null,
    caveats: [
      "Each one counts in ListenDrops too, so never add the two.",
      "It counts packets, not clients: a waiting client sends its SYN again.",
      SAME_LIMIT,
      "With SYN cookies off there is a second limit: in the last quarter of " +
        "net.ipv4.tcp_max_syn_backlog only known clients are let in. What that refuses counts in " +
        "ListenDrops alone.",
    ],
  },
];
