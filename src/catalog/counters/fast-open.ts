import type { CounterTexts } from "../entry.ts";

const OFF_BY_DEFAULT =
  "Servers take Fast Open only where net.ipv4.tcp_fastopen has the flag 2, which is not the " +
  "default, and the listener asks for it by TCP_FASTOPEN.";

export const fastOpenServer: readonly CounterTexts[] = [
  {
    name: "TcpExtTCPFastOpenListenOverflow",
    incrementedBy: [
      {
        function: "tcp_fastopen_queue_check",
        file: "net/ipv4/tcp_fastopen.c",
        when: "A Fast Open request arrives while as many are pending as TCP_FASTOPEN allowed the listener.",
        since: null,
      },
    ],
    implies:
      "More Fast Open requests are pending than the listener allows. No connection is lost: each " +
      "goes through the normal handshake and is one round trip slower.",
    remedy:
      "Raise the queue length that the application gives to TCP_FASTOPEN; net.core.somaxconn bounds it.",
    netstatMisleads: null,
    caveats: [
      "It is no overflow of the accept queue: ListenOverflows counts those.",
      "What counts here counts in neither TCPFastOpenPassive nor TCPFastOpenPassiveFail.",
      OFF_BY_DEFAULT,
    ],
  },
  {
    name: "TcpExtTCPFastOpenPassive",
    incrementedBy: [
      {
        function: "tcp_try_fastopen",
        file: "net/ipv4/tcp_fastopen.c",
        when: "A SYN carries a valid Fast Open cookie, or needs none, and its connection is made at once.",
        since: null,
      },
    ],
    implies: "How many connections save a round trip.",
    remedy: null,
    netstatMisleads: null,
    caveats: [OFF_BY_DEFAULT],
  },
  {
    name: "TcpExtTCPFastOpenPassiveFail",
    incrementedBy: [
      {
        function: "tcp_try_fastopen",
        file: "net/ipv4/tcp_fastopen.c",
        when: "A Fast Open cookie is not valid, or the socket of the connection cannot be made.",
        since: null,
      },
    ],
    implies:
      "Clients hold cookies that this host does not accept: its key changed, or the servers behind " +
      "one address have different keys. No connection is lost: each goes through the normal " +
      "handshake.",
    remedy:
      "Give all servers behind one address the same net.ipv4.tcp_fastopen_key, and keep the old key " +
      "as the second while it is changed.",
    netstatMisleads: null,
    caveats: [OFF_BY_DEFAULT],
  },
  {
    name: "TcpExtTCPFastOpenCookieReqd",
    incrementedBy: [
      {
        function: "tcp_try_fastopen",
        file: "net/ipv4/tcp_fastopen.c",
        when: "A SYN to a listener asks for a Fast Open cookie, whether or not it gets one.",
        since: null,
      },
    ],
    implies: "How many clients would use Fast Open.",
    remedy: null,
    netstatMisleads: null,
    caveats: ["It counts on servers that have Fast Open switched off, too."],
  },
];

export const fastOpenClient: readonly CounterTexts[] = [
  {
    name: "TcpExtTCPFastOpenActive",
    incrementedBy: [
      {
        function: "tcp_rcv_fastopen_synack",
        file: "net/ipv4/tcp_input.c",
        when: "The SYN-ACK acknowledges the data that was sent with the SYN.",
        since: null,
      },
    ],
    implies: "How many outgoing connections save a round trip.",
    remedy: null,
    netstatMisleads: null,
    caveats: ["Only applications that ask for Fast Open move it."],
  },
  {
    name: "TcpExtTCPFastOpenActiveFail",
    incrementedBy: [
      {
        function: "tcp_rcv_fastopen_synack",
        file: "net/ipv4/tcp_input.c",
        when: "The SYN-ACK does not acknowledge the data of the SYN, which is then sent again.",
        since: null,
      },
      {
        function: "tcp_fastopen_active_detect_blackhole",
        file: "net/ipv4/tcp_fastopen.c",
        when: "A connection that used Fast Open runs into its third timeout in a row, or is given up.",
        since: null,
      },
    ],
    implies: "Servers refuse the data, or something on the path does not let Fast Open through.",
    remedy:
      "If it is a large share of TCPFastOpenActive, stop using Fast Open with those servers: it " +
      "costs time instead of saving it.",
    netstatMisleads: null,
    caveats: ["Only applications that ask for Fast Open move it."],
  },
  {
    name: "TcpExtTCPFastOpenBlackhole",
    incrementedBy: [
      {
        function: "tcp_fastopen_active_disable",
        file: "net/ipv4/tcp_fastopen.c",
        when:
          "A path is taken to swallow Fast Open, and outgoing Fast Open is paused in the whole " +
          "namespace.",
        since: null,
      },
    ],
    implies:
      "A firewall or another box between does not let Fast Open through, and it is off for a while " +
      "for every peer.",
    remedy:
      "Find the path, and stop using Fast Open on it. net.ipv4.tcp_fastopen_blackhole_timeout_sec " +
      "is the first length of the pause.",
    netstatMisleads: null,
    caveats: [
      "By default that timeout is 0: then nothing is paused, and nothing counts here.",
      "Only applications that ask for Fast Open move it.",
    ],
  },
];
