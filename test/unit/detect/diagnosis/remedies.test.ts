import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CAUSES } from "../../../../src/detect/diagnosis/cause.ts";
import { MEASURES, type Measure } from "../../../../src/detect/diagnosis/measures.ts";
import { TABLE } from "../../../../src/detect/diagnosis/table.ts";
import { type Counts, diagnosisOf, listener, spread, windowOf } from "../support/windows.ts";

const SLOW = { accepted: 600, overflows: 700, drops: 700 };
const pinned = listener({ samplesFull: 55, peakQueue: 17, firstQueue: 17, lastQueue: 17, weight: 700 });
const bursty = listener({ samplesFull: 2, peakQueue: 17, weight: 700 });
const remediesOf = (seen: typeof pinned, around: Parameters<typeof diagnosisOf>[1] = {}) =>
  diagnosisOf(windowOf(spread(SLOW), { listeners: [seen] }), around)?.remedies.join("\n") ?? "";

const somaxconn = (value: string) => ({ sysctls: { "net.core.somaxconn": value } });

/** Advice to make a queue longer, in whatever words. */
const LARGER = /raise (the backlog|net\.core\.somaxconn|net\.ipv4\.tcp_max_syn_backlog)/i;

describe("slow and too small get opposite advice", () => {
  test("a larger backlog is refused to an application that is too slow", () => {
    expect(remediesOf(pinned)).not.toMatch(LARGER);
    expect(remediesOf(pinned)).toMatch(/A larger backlog will not help/);
  });

  test.each([
    [
      "the application's own backlog is the limit",
      "4096",
      /raise the backlog in the application's listen\(\) call from 16.*raising net\.core\.somaxconn \(4096\) does not help/,
    ],
    ["somaxconn is the limit", "16", /raise net\.core\.somaxconn \(16\) and the backlog/],
  ])("where the queue is too small and %s", (_name, value, advice) => {
    expect(remediesOf(bursty, somaxconn(value))).toMatch(advice);
  });

  test("nobody is ever told to raise tcp_max_syn_backlog", () => {
    for (const text of [remediesOf(pinned), remediesOf(bursty), remediesOf(bursty, somaxconn("16"))]) {
      expect(text).not.toMatch(/raise net\.ipv4\.tcp_max_syn_backlog/i);
    }
  });
});

describe("what is right for the kernel and its settings", () => {
  test.each([
    [
      "before 4.10 clients believe they are connected",
      pinned,
      { kernel: "3.10.0-1160.el7.x86_64" },
      /older than 4\.10/,
    ],
    [
      "somaxconn was 128 before 5.4",
      listener({ ...bursty, limit: 128, peakQueue: 129 }),
      { kernel: "4.19.0", ...somaxconn("128") },
      /kernels before 5\.4/,
    ],
    [
      "resets of what overflows",
      pinned,
      { sysctls: { "net.ipv4.tcp_abort_on_overflow": "1" } },
      /tcp_abort_on_overflow back to 0/,
    ],
  ])("%s", (_name, seen, around, text) => {
    expect(remediesOf(seen, around)).toMatch(text);
    expect(remediesOf(seen)).not.toMatch(text);
  });

  test.each([
    ["5.14.0", true],
    ["5.13.9", false],
    ["6.1.0-21-amd64", true],
    [null, false],
    ["unreadable", false],
  ])("listeners of kernel %s hand over their queue: %s", (kernel, can) => {
    const closed = windowOf(spread({ resets: 40, resetsSent: 60 }), {
      listeners: [listener({ closedAt: 50_000 })],
    });
    expect(/tcp_migrate_req=1/.test(diagnosisOf(closed, { kernel })?.remedies.join() ?? "")).toBe(can);
  });

  test("a limit below somaxconn may be of before that was raised", () => {
    expect(remediesOf(bursty, somaxconn("4096"))).toMatch(
      /if that was raised since the listener was made, the restart alone may/,
    );
  });

  test.each([
    ["the host's own settings are written down for the next boot", true, /\/etc\/sysctl\.d/],
    [
      "those of a container are given where it is made",
      false,
      /docker run --sysctl.*securityContext\.sysctls/,
    ],
  ])("%s", (_name, isRoot, text) => {
    const full = windowOf(spread({ queueFullDrops: 4_000, drops: 4_000 }));
    const cookiesOff = { sysctls: { "net.ipv4.tcp_syncookies": "0" } };
    expect(diagnosisOf(full, { ...cookiesOff, isRoot })?.remedies.at(-1)).toMatch(text);
    expect(remediesOf(bursty, { ...somaxconn("16"), isRoot })).toMatch(text);
    // Nothing of the kernel's is to be set.
    expect(remediesOf(pinned, { isRoot })).not.toMatch(text);
    expect(remediesOf(bursty, { ...somaxconn("4096"), isRoot })).not.toMatch(text);
  });

  test("cookies that are on are not asked to be turned on", () => {
    const full = windowOf(spread({ queueFullDrops: 4_000, drops: 4_000 }));
    const remedy = (value: string) =>
      diagnosisOf(full, { sysctls: { "net.ipv4.tcp_syncookies": value } })?.remedies.join() ?? "";
    expect(remedy("0")).toMatch(/Set net\.ipv4\.tcp_syncookies=1/);
    expect(remedy("1")).toMatch(/another namespace/);
  });
});

describe("the text", () => {
  test("of a slow application has its numbers, the listener and how sure that is", () => {
    const counts = {
      accepted: 127,
      overflows: 1138,
      drops: 1138,
      cookiesSent: 59,
      cookiesReceived: 118,
      cookiesFailed: 59,
    };
    const seen = listener({ samples: 11, samplesFull: 10, peakQueue: 17, lastQueue: 17, weight: 1138 });
    const found = diagnosisOf(windowOf([counts], { listeners: [seen], everyMs: 11_000 }));
    expect(found?.summary).toBe(
      "The listener 0.0.0.0:8080 (app) accepts 10 connections a second, and about 26.3 come. About 56 % of new connections were lost or delayed by a second or more (45 % to 100 %).",
    );
    expect(found?.listener).toMatchObject({
      seen: { inode: "1", port: 8080 },
      attribution: { share: 1, confidence: 1 },
    });
    expect(found?.evidence.map(({ statement }) => statement)).toContain(
      "The listener 0.0.0.0:8080 (app) is behind 100 % of the drops, with a confidence of 100 %: sk_drops grew by 1138 while ListenDrops of the namespace grew by 1138.",
    );
    expect(found?.evidence[0]).toMatchObject({
      counter: "TcpExtListenOverflows",
      value: 1138,
      listener: null,
    });
  });

  test("says what is missing against normal where that is known", () => {
    const usual = new Map([["TcpPassiveOpens", { perMinute: 1_500, dispersion: 0.01 }]]);
    expect(diagnosisOf(windowOf(spread(SLOW), { listeners: [pinned] }), { usual })?.summary).toMatch(
      /and 60 % fewer than usual were accepted\.$/,
    );
  });

  test("says at least in the first interval of a stall: clients have sent few SYNs yet", () => {
    const window = windowOf([{ accepted: 100 }, { accepted: 17, overflows: 40, drops: 40 }], {
      listeners: [pinned],
    });
    expect(diagnosisOf(window)?.summary).toMatch(/At least [0-9.]+ % of new connections/);
  });

  test("names the listener that is behind it among several, and doubts what it takes", () => {
    const other = listener({ inode: "2", port: 443, peakQueue: 3 });
    const found = diagnosisOf(windowOf(spread(SLOW), { listeners: [other, pinned] }));
    expect(found?.listener?.seen.port).toBe(8080);
    expect(found?.evidence.at(-1)?.statement).toBe(
      "2 listeners share these counters: this one may take less than it seems.",
    );
  });
});

describe("the table", () => {
  test("is in the order of the causes, and lacks only the objective, which is judged over days, and the unknown", () => {
    expect([...TABLE.map(({ cause }) => cause), "SLO_BURN", "UNKNOWN"]).toEqual(CAUSES);
  });

  test("whatever a host shows, a diagnosis is whole: sentences, a confidence, remedies", () => {
    const counts: fc.Arbitrary<Counts> = fc
      .array(fc.tuple(fc.constantFrom(...(Object.keys(MEASURES) as Measure[])), fc.nat(5_000)), {
        maxLength: 12,
      })
      .map((entries) => Object.fromEntries(entries));
    const seen = fc.record({
      samplesFull: fc.nat(60),
      peakQueue: fc.nat(20),
      lastQueue: fc.nat(20),
      weight: fc.nat(900),
      closedAt: fc.constantFrom(null, null, 0, 50_000),
    });
    fc.assert(
      fc.property(
        fc.array(counts, { minLength: 1, maxLength: 6 }),
        fc.array(seen, { maxLength: 3 }),
        fc.boolean(),
        (intervals, sockets, seesAll) => {
          const listeners = sockets.map((more, index) =>
            listener({ ...more, inode: `${index}`, port: 80 + index }),
          );
          const found = diagnosisOf(
            windowOf(intervals, {
              listeners,
              listenersSeen: seesAll || listeners.length > 0,
              gauges: { TcpCurrEstab: 900, SockstatTCPTw: 30_000 },
            }),
            { sysctls: { "net.ipv4.ip_local_port_range": "32768 60999" } },
          );
          if (found === null) return;
          expect(found.confidence).toBeGreaterThanOrEqual(0.1);
          expect(found.confidence).toBeLessThanOrEqual(1);
          for (const text of [
            found.summary,
            ...found.remedies,
            ...found.evidence.map(({ statement }) => statement),
          ]) {
            expect(text).toMatch(/^[A-Z0-9`n].*[.]$/s);
            expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
          }
          expect(found.remedies.length).toBeGreaterThan(0);
          expect(found.contributing).not.toContain(found.cause);
          if (found.cause === "APPLICATION_SLOW" || found.cause === "APPLICATION_STALLED") {
            expect(found.remedies.join()).not.toMatch(LARGER);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
