/** Causes that look alike in their counts, told apart by the queue, the order and what else is known. */
import { describe, expect, test } from "vitest";
import { diagnoseLoss } from "../../../../src/detect/diagnosis/diagnose.ts";
import type { Flag } from "../../../../src/detect/flag.ts";
import { CALM, diagnosisOf, listener, spread, windowOf } from "../support/windows.ts";

const FULL = listener({ samplesFull: 55, peakQueue: 17, lastQueue: 17, firstQueue: 17, weight: 1 });

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

  test("a reader that is slow, with all the memory there is, is not short of it", () => {
    const squeezed = spread({ accepted: 60, prunes: 300, prunedReceives: 60 });
    const memory = (pages: number) => windowOf(squeezed, { gauges: { SockstatTCPMem: pages } });
    const around = { sysctls: { "net.ipv4.tcp_mem": "90000 120000 180000" } };
    expect(diagnosisOf(memory(300), around)).toBeNull();
    expect(diagnosisOf(memory(120_000), around)?.cause).toBe("MEMORY_PRESSURE");
    const flags = [flagOf("burst", "TcpExtPruneCalled")];
    expect(diagnosisOf(memory(300), { ...around, flags })).toMatchObject({
      cause: "UNKNOWN",
      remedies: [expect.stringMatching(/does not read/)],
    });
  });

  test("SYNs that are refused without a counter of their own, while cookies are off, are of the SYN queue", () => {
    const window = windowOf(spread({ accepted: 60, drops: 600, synRetransmits: 60 }));
    const off = { sysctls: { "net.ipv4.tcp_syncookies": "0" } };
    expect(diagnosisOf(window, off)).toMatchObject({
      cause: "SYN_QUEUE_FULL",
      contributing: [],
      summary: "The SYN queue is nearly full and SYNs are dropped, since SYN cookies are off: 600.",
      remedies: [expect.stringMatching(/Set net\.ipv4\.tcp_syncookies=1/), expect.any(String)],
    });
    // With cookies it is something else, and no loss on the way either.
    expect(diagnosisOf(window)).toMatchObject({ cause: "OTHER_LISTEN_DROPS", contributing: [] });
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
    const first = diagnosisOf(window);
    if (first === null) throw new Error("nothing was diagnosed");
    expect(first.cause).toBe("RESTART");
    const found = diagnoseLoss(window, CALM, [], first);
    expect(found).toMatchObject({ cause: "APPLICATION_STALLED", contributing: ["RESTART"] });
    expect(found?.evidence).toContainEqual(first.evidence[0]);
    expect(diagnoseLoss(windowOf(spread({ resets: 40 })), CALM, [], first)).toBeNull();
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
