import type { CounterTexts } from "../entry.ts";

const CONSTANT =
  "A constant that SNMP wants in the table: it never changes, and no chart of it says anything.";

const SET_ONCE: CounterTexts["incrementedBy"] = [
  {
    function: "tcp_mib_init",
    file: "include/net/tcp.h",
    when: "Set when a network namespace is made.",
    since: null,
  },
];

/** Constants that stand among the counters of Tcp. */
export const settings: readonly CounterTexts[] = [
  {
    name: "TcpRtoAlgorithm",
    incrementedBy: SET_ONCE,
    implies: "Nothing.",
    remedy: null,
    netstatMisleads: null,
    caveats: [CONSTANT],
  },
  {
    name: "TcpRtoMin",
    incrementedBy: SET_ONCE,
    implies: "Nothing: it is 200 ms on Linux.",
    remedy: null,
    netstatMisleads: null,
    caveats: [
      CONSTANT,
      "A route (rto_min of `ip route`) can lower or raise it for its connections, which does not " +
        "show here.",
    ],
  },
  {
    name: "TcpRtoMax",
    incrementedBy: SET_ONCE,
    implies: "Nothing: it is 120,000 ms on Linux.",
    remedy: null,
    netstatMisleads: null,
    caveats: [CONSTANT],
  },
  {
    name: "TcpMaxConn",
    incrementedBy: SET_ONCE,
    implies: "Nothing: file descriptors, memory and ports are what limits connections.",
    remedy: null,
    netstatMisleads: null,
    caveats: [
      CONSTANT,
      'A negative number stands for "no limit" and is kept here as absent: its value is null.',
    ],
  },
];
