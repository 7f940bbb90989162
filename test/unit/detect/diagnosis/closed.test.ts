/** A listener that was closed: a restart, a service that is down, or a port that comes and goes. */
import { describe, expect, test } from "vitest";
import { diagnosisOf, listener, spread, windowOf } from "../support/windows.ts";

describe("of listeners that were closed,", () => {
  test("a listener that is gone for over a minute, while clients are refused", () => {
    const gone = listener({ closedAt: 0 });
    const window = windowOf(spread({ resetsSent: 90 }, 7), { listeners: [gone], listenersSeen: true });
    const found = diagnosisOf(window);
    expect(found).toMatchObject({ cause: "SERVICE_DOWN", severity: "CRITICAL" });
    expect(found?.summary).toBe(
      "Nothing listens on port 8080 any more, and who comes is refused: the host sent 90 resets in 70 s.",
    );
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

  describe("a port that is down, where other listeners were closed since:", () => {
    const MINUTE = 60_000;
    const intervals = spread({ resetsSent: 140 }, 14);
    const down = listener({ closedAt: 20_000, listedMs: 5 * MINUTE });
    const passing = [30_000, 90_000, 130_000].map((closedAt, index) =>
      listener({ inode: `2${index}`, port: 50_000 + index, closedAt, listedMs: 20_000 }),
    );
    const causeOf = (listeners: ReturnType<typeof listener>[], counts = intervals) =>
      diagnosisOf(windowOf(counts, { listeners }));

    test("what comes and goes does not hide it", () => {
      const found = causeOf([down, ...passing]);
      expect(found).toMatchObject({ cause: "SERVICE_DOWN", contributing: ["INBOUND_SCAN"] });
      expect(found?.summary).toMatch(
        /^Nothing listens on port 8080 any more, and who comes is refused: the host sent 140 resets/,
      );
    });

    test("nor does a service, but while it may be that which refuses clients", () => {
      const other = listener({ inode: "2", port: 443, closedAt: 100_000, listedMs: 5 * MINUTE });
      expect(causeOf([down, other])).toMatchObject({ cause: "SERVICE_DOWN" });
      const since = [...spread({}, 9), ...spread({ resetsSent: 140 }, 5)];
      expect(causeOf([down, other], since)).toMatchObject({ cause: "RESTART" });
      // It is open again, and no clients are refused since.
      const back = listener({ inode: "3", port: 443, openedAt: 120_000 });
      const until = [...spread({}, 9), ...spread({ resetsSent: 60 }, 3), ...spread({}, 2)];
      expect(causeOf([down, other, back], until)?.cause).not.toBe("SERVICE_DOWN");
      const after = [...spread({}, 9), ...spread({ resetsSent: 140 }, 5)];
      expect(causeOf([down, other, back], after)).toMatchObject({ cause: "SERVICE_DOWN" });
    });

    test("nor does one of several sockets of a port that goes on", () => {
      const workers = [40_000, 70_000, 100_000, 130_000].map((closedAt, index) =>
        listener({ inode: `3${index}`, port: 443, closedAt, listedMs: 5 * MINUTE }),
      );
      const goesOn = listener({ inode: "2", port: 443 });
      expect(causeOf([down, goesOn, ...workers])).toMatchObject({ cause: "SERVICE_DOWN" });
    });

    test("it is closed since it was closed last, and is no service if it came and went itself", () => {
      const again = listener({ inode: "2", closedAt: 110_000, listedMs: 30_000 });
      expect(causeOf([down, again])).toMatchObject({ cause: "RESTART" });
      expect(causeOf(passing)).toMatchObject({ cause: "INBOUND_SCAN" });
      // Where it was all that there was, who else should refuse clients.
      expect(causeOf(passing.slice(0, 1))).toMatchObject({ cause: "SERVICE_DOWN" });
    });

    test("what was remembered before it was known for how long it was open may be a service", () => {
      const { listedMs: _, ...old } = down;
      expect(causeOf([old, ...passing])).toMatchObject({ cause: "SERVICE_DOWN" });
    });
  });

  test("ports that come and go are no restart, and hide nothing; one that comes again may be one", () => {
    const refused = spread({ accepted: 60, opened: 600, attemptsFailed: 300 });
    const gone = listener({ port: 50_000, closedAt: 30_000, listedMs: 20_000 });
    const causesOf = (listeners: ReturnType<typeof listener>[]) =>
      diagnosisOf(windowOf(refused, { listeners }));
    expect(causesOf([gone])).toMatchObject({ cause: "UPSTREAM_REFUSING", contributing: [] });
    const again = listener({ inode: "2", port: 50_000, openedAt: 40_000 });
    expect(causesOf([gone, again])).toMatchObject({ cause: "RESTART" });
  });
});
