/** The table against counts of episodes that were measured one by one, and of services that are well. */
import { describe, expect, test } from "vitest";
import type { Cause } from "../../../../src/detect/diagnosis/cause.ts";
import type { NamespaceWindow, Surroundings } from "../../../../src/detect/diagnosis/window.ts";
import { type Counts, diagnosisOf, listener, windowOf } from "../support/windows.ts";

const once = (counts: Counts) => [counts];
const over = (limit: number) => ({ limit, peakQueue: limit + 1, lastQueue: limit + 1 });

/** Counts measured on a real kernel, each episode in namespaces of its own. */
const EPISODES: [string, NamespaceWindow, Cause, Partial<Surroundings>?][] = [
  [
    "a stopped application",
    windowOf(once({ accepted: 6, overflows: 614, drops: 614, synRetransmits: 20 }), {
      listeners: [listener({ ...over(5), samples: 10, samplesFull: 9, weight: 614 })],
    }),
    "APPLICATION_STALLED",
  ],
  [
    "20 attempts on a stopped one",
    windowOf(once({ accepted: 6, overflows: 98, drops: 98 }), {
      listeners: [listener({ ...over(5), samples: 10, samplesFull: 9, weight: 98 })],
    }),
    "APPLICATION_STALLED",
  ],
  [
    "an application that accepts 10 a second where 30 come",
    windowOf(
      once({
        accepted: 127,
        overflows: 1138,
        drops: 1138,
        cookiesSent: 59,
        cookiesReceived: 118,
        cookiesFailed: 59,
        queueFullCookies: 59,
        synRetransmits: 20,
      }),
      { listeners: [listener({ ...over(16), samples: 11, samplesFull: 10, weight: 1354 })] },
    ),
    "APPLICATION_SLOW",
  ],
  [
    "400 clients at once on a backlog of 16",
    windowOf(
      once({
        accepted: 75,
        overflows: 1027,
        drops: 1027,
        cookiesSent: 337,
        cookiesReceived: 668,
        cookiesFailed: 328,
        queueFullCookies: 337,
        resetsSent: 403,
      }),
      { listeners: [listener({ limit: 16, peakQueue: 17, samples: 10, samplesFull: 1, weight: 1027 })] },
    ),
    "ACCEPT_QUEUE_TOO_SMALL",
  ],
  [
    "a flood with cookies on",
    windowOf(
      once({
        accepted: 60,
        queueFullCookies: 3931,
        cookiesSent: 3931,
        cookiesReceived: 60,
        synRetransmits: 258,
        retransmits: 258,
      }),
      { listeners: [listener({ limit: 128 })] },
    ),
    "SYN_FLOOD",
  ],
  [
    "a flood with cookies off",
    windowOf(once({ queueFullDrops: 4049, drops: 4049, synRetransmits: 90, retransmits: 90 }), {
      listeners: [listener({ limit: 128, weight: 4049 })],
    }),
    "SYN_QUEUE_FULL",
    { sysctls: { "net.ipv4.tcp_syncookies": "0" } },
  ],
  [
    "a scan of an open port",
    windowOf(once({ attemptsFailed: 100, embryonicResets: 100 }), { listeners: [listener()] }),
    "INBOUND_SCAN",
  ],
  ["a scan of a closed port", windowOf(once({ resetsSent: 100 })), "INBOUND_SCAN"],
  ["an upstream that refuses", windowOf(once({ opened: 100, attemptsFailed: 100 })), "UPSTREAM_REFUSING"],
  [
    "an upstream that does not answer, to the kernel's timeout",
    windowOf(
      once({
        opened: 50,
        attemptsFailed: 50,
        abortsOnTimeout: 50,
        synRetransmits: 50,
        retransmits: 50,
        timeouts: 100,
      }),
    ),
    "UPSTREAM_UNREACHABLE",
  ],
  [
    "the same where the application gives up first: no attempt counts as failed",
    windowOf(once({ opened: 50, synRetransmits: 100, retransmits: 100 })),
    "UPSTREAM_UNREACHABLE",
  ],
  ["clients that reset", windowOf(once({ accepted: 100, resets: 100 })), "CLIENT_ABORTS"],
  [
    "an application that closes with SO_LINGER 0",
    windowOf(once({ accepted: 100, resets: 100, resetsSent: 173, abortsOnData: 73, abortsOnClose: 27 })),
    "LOCAL_ABORTS",
  ],
  [
    "an application that closes with unread data",
    windowOf(once({ accepted: 100, resets: 100, resetsSent: 100, abortsOnClose: 100 })),
    "LOCAL_ABORTS",
  ],
  [
    "a listener that is killed with 40 in its queue",
    windowOf(once({ accepted: 40, resets: 40, resetsSent: 70 }), {
      listeners: [listener({ limit: 128, lastQueue: 40, peakQueue: 40, closedAt: 5_000 })],
      listenersSeen: true,
    }),
    "RESTART",
  ],
  [
    "3 % of packets lost",
    windowOf(once({ opened: 6, segmentsSent: 2519, retransmits: 89, timeouts: 3 })),
    "PATH_LOSS",
  ],
  [
    "20 % of SYNs or SYN-ACKs lost",
    windowOf(once({ accepted: 150, synRetransmits: 70, retransmits: 70, segmentsSent: 800 }), {
      listeners: [listener()],
    }),
    "PATH_LOSS",
  ],
  [
    "30 % of last ACKs lost",
    windowOf(once({ accepted: 97, synRetransmits: 48, retransmits: 48 }), { listeners: [listener()] }),
    "PATH_LOSS",
  ],
  [
    "16 local ports for 200 connections",
    windowOf([{ opened: 16 }, {}, {}], { everyMs: 1_000, gauges: { TcpCurrEstab: 16, SockstatTCPTw: 0 } }),
    "PORT_EXHAUSTION",
    { sysctls: { "net.ipv4.ip_local_port_range": "40000 40015" } },
  ],
  [
    "tcp_abort_on_overflow=1",
    windowOf(once({ accepted: 6, overflows: 40, drops: 40, resetsSent: 1, embryonicResets: 1 }), {
      listeners: [listener({ ...over(5), samples: 4, samplesFull: 4, weight: 41 })],
    }),
    "APPLICATION_STALLED",
  ],
];

describe("the first cause of episodes measured on a real kernel", () => {
  test.each(EPISODES)("%s", (_name, window, cause, around) => {
    expect(diagnosisOf(window, around)?.cause).toBe(cause);
  });

  test.each([
    ["a healthy service", { accepted: 200, resets: 6, segmentsSent: 794 }],
    ["no loss on the path", { opened: 6, segmentsSent: 2519 }],
    ["a health check's few half-open resets", { accepted: 200, attemptsFailed: 4, embryonicResets: 4 }],
    ["nothing at all", {}],
  ])("none for %s", (_name, counts) => {
    expect(diagnosisOf(windowOf(once(counts), { listeners: [listener()] }))).toBeNull();
  });
});
