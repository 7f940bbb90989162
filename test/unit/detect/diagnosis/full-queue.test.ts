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
