import type { CounterTexts } from "../entry.ts";

const COMPARE =
  "Judge the three together: SyncookiesRecv / SyncookiesSent was 0.015 in a flood, 1.98 in an " +
  "honest burst, and 2.0 with a slow application.";

export const synCookies: readonly CounterTexts[] = [
  {
    name: "TcpExtSyncookiesSent",
    incrementedBy: [
      {
        function: "cookie_init_sequence",
        file: "include/net/tcp.h",
        when:
          "A SYN is answered with a SYN cookie, because the SYN queue of the listener is full or " +
          "net.ipv4.tcp_syncookies is 2.",
        since: null,
      },
    ],
    implies:
      "The SYN queue of a listener is full. If the cookies come back (SyncookiesRecv), the clients " +
      "are real: a burst, or an application that accepts too slowly. If they do not, somebody " +
      "floods the port with SYNs.",
    remedy:
      "In a flood, keep SYN cookies on and stop the SYNs in front of this host. In a burst, raise " +
      "the backlog in the application's listen() call, within net.core.somaxconn. If the accept " +
      "queue is full as well, mend the application first.",
    netstatMisleads: null,
    caveats: [
      COMPARE,
      "While cookies are sent, ListenDrops and ListenOverflows may stay at 0: a product that shows " +
        "only those sees nothing of a flood.",
    ],
  },
  {
    name: "TcpExtSyncookiesRecv",
    incrementedBy: [
      {
        function: "cookie_tcp_check",
        file: "net/ipv4/syncookies.c",
        when:
          "An ACK reaches an IPv4 listener that has sent cookies of late, belongs to no connection, " +
          "and carries a valid cookie.",
        since: null,
      },
      {
        function: "cookie_tcp_check",
        file: "net/ipv6/syncookies.c",
        when: "The same for IPv6.",
        since: null,
      },
    ],
    implies:
      "Real clients are among those that were sent cookies. Over half of SyncookiesSent, the " +
      "pressure on the SYN queue is honest.",
    remedy: null,
    netstatMisleads: null,
    caveats: [
      COMPARE,
      "It can exceed SyncookiesSent: while the accept queue is full the ACK is refused, the client " +
        "sends again, and each packet counts.",
      "A valid cookie is not yet a connection: it counts in ListenOverflows as well when the accept " +
        "queue is full.",
    ],
  },
  {
    name: "TcpExtSyncookiesFailed",
    incrementedBy: [
      {
        function: "cookie_tcp_check",
        file: "net/ipv4/syncookies.c",
        when:
          "An ACK reaches an IPv4 listener that has sent cookies of late, belongs to no connection, " +
          "and its cookie is wrong or too old. It is answered with a reset.",
        since: null,
      },
      {
        function: "cookie_tcp_check",
        file: "net/ipv6/syncookies.c",
        when: "The same for IPv6.",
        since: null,
      },
    ],
    implies:
      "With few cookies returned, forged ACKs or clients whose answers come late. With many " +
      "returned (SyncookiesRecv), real clients that were given up while the accept queue was full " +
      "and went on sending: a sign that connections are lost.",
    remedy:
      "Do what SyncookiesSent or ListenOverflows calls for, whichever of them rises with it. Alone " +
      "it needs nothing.",
    netstatMisleads: null,
    caveats: [
      COMPARE,
      "Outside the time after an overflow such ACKs count nowhere, so a rise also shows that " +
        "cookies were sent shortly before.",
    ],
  },
];
