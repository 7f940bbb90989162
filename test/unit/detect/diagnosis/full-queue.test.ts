import { describe, expect, test } from "vitest";
import { diagnosisOf, listener, spread, windowOf } from "../support/windows.ts";

describe("a full queue beside a listener that goes on accepting", () => {
  const stuck = { limit: 16, peakQueue: 17, lastQueue: 17, samplesFull: 30, stuckSamples: 30, weight: 600 };
  const other = listener({ inode: "2", port: 443, limit: 4_096 });
  const counts = spread({ accepted: 6_000, overflows: 600, drops: 600 });
  const causeOf = (listeners: readonly ReturnType<typeof listener>[]) =>
    diagnosisOf(windowOf(counts, { listeners: [...listeners] }))?.cause;

  test("is stalled where it never had room again, and slow where it had", () => {
    expect(causeOf([listener(stuck), other])).toBe("APPLICATION_STALLED");
    expect(causeOf([listener({ ...stuck, stuckSamples: 0 }), other])).toBe("APPLICATION_SLOW");
    expect(causeOf([listener({ ...stuck, stuckSamples: 9 }), other])).toBe("APPLICATION_SLOW");
  });

  test("is slow where it is the only one: all that was accepted is its own", () => {
    expect(causeOf([listener(stuck)])).toBe("APPLICATION_SLOW");
  });

  test("is not put down to a listener that dropped nothing", () => {
    expect(causeOf([listener({ ...stuck, weight: 0 }), { ...other, weight: 600 }])).toBe(
      "ACCEPT_QUEUE_TOO_SMALL",
    );
  });

  test("that nobody sees, and that lets nobody in between its overflows, is of an application that stalls", () => {
    const bursts = (accepted: number) =>
      windowOf(
        Array.from({ length: 57 }, (_, second) =>
          second % 3 === 0 ? { accepted, overflows: 38, drops: 38 } : {},
        ),
        { everyMs: 1_000 },
      );
    expect(diagnosisOf(bursts(0))?.cause).toBe("APPLICATION_STALLED");
    expect(diagnosisOf(bursts(5))?.cause).toBe("ACCEPT_QUEUE_TOO_SMALL");
  });

  test("that filled only lately is no queue too small for bursts", () => {
    const lately = { ...stuck, samplesFull: 12, stuckSamples: 11 };
    expect(causeOf([listener(lately), other])).toBe("APPLICATION_STALLED");
    expect(causeOf([listener({ ...lately, stuckSamples: 0 }), other])).toBe("ACCEPT_QUEUE_TOO_SMALL");
  });
});

describe("a queue that does not empty, and is over its limit in a part of the samples", () => {
  const counts = spread({ accepted: 6_000, overflows: 600, drops: 600 });
  const standing = { readings: 6, samples: 30, samplesFull: 11, leastQueue: 124 };
  const queue = { limit: 128, peakQueue: 129, lastQueue: 127, samples: 30, samplesFull: 11, weight: 600 };
  const foundOf = (more: Partial<ReturnType<typeof listener>>) =>
    diagnosisOf(windowOf(counts, { listeners: [listener({ ...queue, ...more })] }));

  test("is of an application that is too slow, as overloads of a tenth by clients from afar look", () => {
    const found = foundOf({ standing });
    expect(found?.cause).toBe("APPLICATION_SLOW");
    expect(found?.evidence.map(({ statement }) => statement)).toContain(
      "The listener 0.0.0.0:8080 (app) has a queue that does not empty: at the last 6 snapshots at least 124 waited of 128; 11 of 30 samples found it full.",
    );
    expect(found?.remedies.join(" ")).not.toMatch(/raise the backlog/i);
  });

  test.each([
    ["it was seen so three times only", { ...standing, readings: 3, samples: 15, samplesFull: 5 }],
    ["it was seen so twice, and hardly ever full between", { ...standing, readings: 2, samplesFull: 5 }],
  ])("is too short where %s", (_why, seen) => {
    expect(foundOf({ standing: seen })?.cause).toBe("ACCEPT_QUEUE_TOO_SMALL");
  });

  test("is too slow where its snapshots are far apart and all samples between say so", () => {
    expect(foundOf({ standing: { ...standing, readings: 2 } })?.cause).toBe("APPLICATION_SLOW");
  });

  test("is of a slow application also where its limit cannot be seen, and it cannot be told how often it was full", () => {
    const unseen = { limit: null, samplesFull: 0, peakQueue: 129 };
    const slow = foundOf({ ...unseen, standing: { ...standing, samplesFull: 0 } });
    expect(slow?.cause).toBe("APPLICATION_SLOW");
    expect(slow?.remedies.join(" ")).not.toMatch(/raise the backlog/i);
    const small = foundOf({ ...unseen, lastQueue: 3 });
    expect(small?.cause).toBe("ACCEPT_QUEUE_TOO_SMALL");
    expect(small?.evidence.map(({ statement }) => statement).join(" ")).toMatch(
      /Its limit cannot be seen from here\. The queue held 129 at its longest and 3 at the last sample/,
    );
    expect(small?.remedies[0]).toMatch(
      /a running one keeps its limit\. That could not be seen here; the queue held 129/,
    );
  });

  test("is looked for where it is longest, of limits that cannot be seen", () => {
    const others = [3, 129, 1].map((peakQueue, index) =>
      listener({ inode: `${index}`, port: 80 + index, limit: null, peakQueue }),
    );
    expect(diagnosisOf(windowOf(counts, { listeners: others }))?.listener?.seen.port).toBe(81);
  });
});
