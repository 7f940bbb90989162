import { describe, expect, test } from "vitest";
import type { Cause } from "../../../../src/detect/diagnosis/cause.ts";
import { diagnoseLoss } from "../../../../src/detect/diagnosis/diagnose.ts";
import type { NamespaceWindow, Surroundings } from "../../../../src/detect/diagnosis/window.ts";
import type { Flag } from "../../../../src/detect/flag.ts";
import { CALM, type Counts, diagnosisOf, listener, spread, windowOf } from "../support/windows.ts";

const FULL = listener({ samplesFull: 55, peakQueue: 17, lastQueue: 17, firstQueue: 17, weight: 1 });
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

describe("the same overflows, told apart by the queue over time", () => {
  const counts = { accepted: 600, overflows: 700, drops: 700 };
  const full = { ...FULL, weight: 700 };
  test.each([
    [
      "pinned, and nothing is taken",
      { ...counts, accepted: 17 },
      { ...full, firstQueue: 0 },
      "APPLICATION_STALLED",
    ],
    ["pinned, and it goes on", counts, full, "APPLICATION_SLOW"],
    [
      "empty again at each look",
      counts,
      listener({ samplesFull: 2, peakQueue: 17, weight: 700 }),
      "ACCEPT_QUEUE_TOO_SMALL",
    ],
    [
      "full samples that the agent missed",
      counts,
      listener({ peakQueue: 9, weight: 700 }),
      "ACCEPT_QUEUE_TOO_SMALL",
    ],
  ])("%s", (_name, total, seen, cause) => {
    expect(diagnosisOf(windowOf(spread(total), { listeners: [seen] }))?.cause).toBe(cause);
  });

  test("an application that stops within the window is stalled, whatever it took before", () => {
    const window = windowOf(
      [
        { accepted: 200 },
        { accepted: 200 },
        { accepted: 20, overflows: 50, drops: 50 },
        { overflows: 90, drops: 90 },
        { overflows: 90, drops: 90 },
        { overflows: 90, drops: 90 },
      ],
      { listeners: [listener({ ...FULL, samplesFull: 35, weight: 320 })] },
    );
    expect(diagnosisOf(window)?.cause).toBe("APPLICATION_STALLED");
  });

  test.each([
    [
      "all the time, and nothing accepted",
      spread({ accepted: 0, overflows: 600, drops: 600 }),
      "APPLICATION_STALLED",
    ],
    [
      "all the time, and some accepted",
      spread({ accepted: 600, overflows: 600, drops: 600 }),
      "APPLICATION_SLOW",
    ],
    [
      "now and then",
      [{ accepted: 300, overflows: 90, drops: 90 }, ...spread({ accepted: 500 }, 5)],
      "ACCEPT_QUEUE_TOO_SMALL",
    ],
  ])(
    "where no listener can be seen, by the counters and with less confidence: %s",
    (_name, intervals, cause) => {
      const found = diagnosisOf(windowOf(intervals));
      expect(found?.cause).toBe(cause);
      expect(found?.confidence).toBeLessThan(0.8);
    },
  );
});

describe("what else is told apart", () => {
  test("a listener that is gone for over a minute, while clients are refused", () => {
    const gone = listener({ closedAt: 0 });
    const window = windowOf(spread({ resetsSent: 90 }, 7), { listeners: [gone], listenersSeen: true });
    const found = diagnosisOf(window);
    expect(found).toMatchObject({ cause: "SERVICE_DOWN", severity: "CRITICAL" });
    expect(found?.summary).toBe("Nothing listens on port 8080 any more: 90 clients were refused in 70 s.");
  });

  test("one that came back is a restart, for two minutes; what is unusual later has another cause", () => {
    const listeners = [listener({ closedAt: 0 }), listener({ inode: "2", openedAt: 20_000 })];
    const causesAfter = (intervals: number) =>
      diagnosisOf(
        windowOf(spread({ accepted: 900, opened: 600, attemptsFailed: 300 }, intervals), { listeners }),
      );
    expect(causesAfter(9)).toMatchObject({
      cause: "RESTART",
      severity: "INFO",
      contributing: ["UPSTREAM_REFUSING"],
    });
    expect(causesAfter(14)).toMatchObject({ cause: "UPSTREAM_REFUSING" });
  });

  test("one that was closed and is seen to be gone for less than a minute may be back at any moment", () => {
    const gone = listener({ closedAt: 20_000 });
    const window = windowOf(spread({ resetsSent: 90 }, 7), { listeners: [gone], listenersSeen: true });
    expect(diagnosisOf(window)).toMatchObject({ cause: "RESTART", severity: "INFO" });
  });

  test("a deploy and an upstream that refuses are both named", () => {
    const listeners = [listener({ closedAt: 30_000 }), listener({ inode: "2", openedAt: 32_000 })];
    const window = windowOf(spread({ accepted: 60, opened: 600, attemptsFailed: 300 }), { listeners });
    expect(diagnosisOf(window)).toMatchObject({ cause: "RESTART", contributing: ["UPSTREAM_REFUSING"] });
  });

  test("a slow application and clients that give up are both named", () => {
    const window = windowOf(spread({ accepted: 600, overflows: 700, drops: 700, resets: 300 }), {
      listeners: [{ ...FULL, weight: 700 }],
    });
    expect(diagnosisOf(window)).toMatchObject({ cause: "APPLICATION_SLOW", contributing: ["CLIENT_ABORTS"] });
  });

  test("memory", () => {
    const around = { sysctls: { "net.ipv4.tcp_mem": "100 200 300" } };
    const gauges = { SockstatTCPMem: 250 };
    const found = diagnosisOf(
      windowOf(spread({ accepted: 60, drops: 60, prunes: 90, abortsOnMemory: 6 }), { gauges }),
      around,
    );
    expect(found).toMatchObject({
      cause: "MEMORY_PRESSURE",
      severity: "MAJOR",
      contributing: ["OTHER_LISTEN_DROPS"],
    });
    expect(found?.confidence).toBe(0.8);
  });

  test("drops that no queue explains", () => {
    const found = diagnosisOf(
      windowOf(spread({ accepted: 60, drops: 60 }), { listeners: [listener({ weight: 60 })] }),
    );
    expect(found?.cause).toBe("OTHER_LISTEN_DROPS");
    expect(diagnosisOf(windowOf(spread({ accepted: 60, drops: 4 })))).toBeNull();
  });

  test("data that cannot be trusted hides everything else, and so does silence", () => {
    const flag = {
      detector: "invariant",
      series: "x",
      from: 0,
      to: 1,
      observed: 1,
      expected: 0,
      low: 0,
      high: 0,
      z: 0,
      share: null,
      text: "TcpOutSegs fell without a reset.",
    } as const;
    const stalled = windowOf(spread({ overflows: 600, drops: 600 }), { listeners: [FULL] });
    expect(diagnosisOf(stalled, { dataProblem: flag })).toMatchObject({
      cause: "DATA_PROBLEM",
      contributing: [],
    });
    expect(diagnosisOf(stalled, { silence: flag })).toMatchObject({ cause: "HOST_SILENT", contributing: [] });
  });

  const flagOf = (detector: Flag["detector"], series: string): Flag => ({
    detector,
    series,
    from: 0,
    to: 1,
    observed: 9,
    expected: 3,
    low: 1,
    high: 5,
    z: 7,
    share: null,
    text: `9 ${series}.`,
  });

  test("a flag that nothing explains is said to be unknown", () => {
    const flags = [flagOf("burst", "TcpExtTCPBacklogDrop")];
    expect(diagnosisOf(windowOf(spread({ accepted: 600 })), { flags })).toMatchObject({
      cause: "UNKNOWN",
      severity: "INFO",
      evidence: [
        { statement: "9 TcpExtTCPBacklogDrop.", counter: "TcpExtTCPBacklogDrop", value: 9, listener: null },
      ],
    });
  });

  test("load that goes up or down, and what has changed for good, is said to be nothing", () => {
    const flags = [flagOf("seasonal", "TcpInSegs"), flagOf("changepoint", "TcpExtTCPTimeouts")];
    expect(diagnosisOf(windowOf(spread({ accepted: 600 })), { flags })).toBeNull();
    const beside = [...flags, flagOf("burst", "TcpExtTCPBacklogDrop")];
    expect(diagnosisOf(windowOf(spread({ accepted: 600 })), { flags: beside })?.evidence).toHaveLength(3);
  });

  test("a queue that is full while the application restarts is told apart from the restart", () => {
    const listeners = [
      listener({ closedAt: 30_000 }),
      { ...FULL, inode: "2", openedAt: 32_000, weight: 700 },
    ];
    const window = windowOf(spread({ accepted: 0, overflows: 700, drops: 700 }), { listeners });
    expect(diagnosisOf(window)?.cause).toBe("RESTART");
    expect(diagnoseLoss(window, CALM, [])).toMatchObject({ cause: "APPLICATION_STALLED" });
    expect(diagnoseLoss(windowOf(spread({ resets: 40 })), CALM, [])).toBeNull();
  });

  test("a leak", () => {
    const leak = {
      detector: "leak",
      series: "TcpCurrEstab",
      from: 0,
      to: 21_600_000,
      observed: 1500,
      expected: 1000,
      low: 0,
      high: 1200,
      z: 8,
      share: null,
      text: "It leaks.",
    } as const;
    const found = diagnosisOf(windowOf(spread({ accepted: 600 })), { flags: [leak] });
    expect(found).toMatchObject({ cause: "CONNECTION_LEAK", severity: "MINOR" });
    expect(found?.summary).toMatch(/rose from 1,000 to 1,500 in 6 h/);
  });
});
