import { describe, expect, test } from "vitest";
import { type Observation, observe } from "../../../../src/detect/diagnosis/observe.ts";
import type { Count } from "../../../../src/protocol/count.ts";
import type { WireListener, WireListeners } from "../../../../src/protocol/message.ts";
import { GAUGE } from "../../../../src/rates/snapshot.ts";
import { counterValues } from "../../../../src/rates/values.ts";

const NAMES = ["TcpPassiveOpens", "TcpExtListenDrops", "TcpCurrEstab"];
const LAYOUT = { id: 1, counterIds: Int32Array.from([0, 1, 2]), gauges: Uint8Array.from([0, 0, GAUGE]) };
const EVERY = 10_000;

/** A snapshot each ten seconds; `epoch` and `pauseMs` bend that. */
function at(
  number: number,
  values: (Count | null)[],
  listeners: WireListeners | null = null,
  more: { epoch?: number; pauseMs?: number } = {},
): Observation {
  const { epoch = 1, pauseMs = 0 } = more;
  const snapshot = {
    at: number * EVERY + pauseMs,
    uptimeMs: 1_000_000 + number * EVERY + pauseMs,
    everyMs: EVERY,
    bornUptimeMs: null,
    epoch: { id: epoch, bootId: "b", number: epoch, wordSize: 64 },
    layout: LAYOUT,
    values: counterValues(values),
  };
  return { snapshot, listeners };
}

function socket(port: number, acceptQueue: number, more: Partial<WireListener> = {}): WireListener {
  return {
    address: "0.0.0.0",
    port,
    inode: `${port}`,
    acceptQueue,
    peakQueue: acceptQueue,
    limit: 16,
    samplesFull: acceptQueue > 16 ? 1 : 0,
    drops: 0,
    ...more,
  };
}

const list = (sockets: WireListener[], complete = true): WireListeners => ({
  source: "ss",
  samples: 10,
  complete,
  sockets,
});

const windowOf = (observations: readonly Observation[], from = 0) =>
  observe({ observations, from, counterName: (id) => NAMES[id] as string, dropsId: 1 });

describe("intervals", () => {
  test("have the exact increases of what the kernel has, and the gauges", () => {
    const { intervals } = windowOf([at(0, [10, null, 7]), at(1, [15, null, 9])]);
    expect(intervals).toHaveLength(1);
    expect(intervals[0]).toMatchObject({ from: 0, to: 10_000, ratedMs: 10_000 });
    expect([...(intervals[0]?.increases ?? [])]).toEqual([["TcpPassiveOpens", 5]]);
    expect([...(intervals[0]?.gauges ?? [])]).toEqual([["TcpCurrEstab", 9]]);
  });

  test("begin after the window's start", () => {
    const all = [at(0, [0, 0, 0]), at(1, [1, 0, 0]), at(2, [3, 0, 0]), at(3, [6, 0, 0])];
    expect(windowOf(all, 10_000).intervals.map(({ increases }) => increases.get("TcpPassiveOpens"))).toEqual([
      2, 3,
    ]);
  });

  test("are left out where no rate can be told", () => {
    expect(windowOf([at(0, [0, 0, 0]), at(1, [1, 0, 0], null, { epoch: 2 })]).intervals).toEqual([]);
    expect(windowOf([at(0, [0, 0, 0]), at(1, [1, 0, 0], null, { pauseMs: 60_000 })]).intervals).toEqual([]);
  });
});

describe("listeners", () => {
  test("have their queue before and at the end, and their weight where drops grew", () => {
    const { listeners, listenersSeen } = windowOf(
      [
        at(0, [0, 0, 0], list([socket(80, 3, { drops: 5 })])),
        at(1, [9, 4, 0], list([socket(80, 17, { drops: 9 })])),
        at(2, [9, 4, 0], list([socket(80, 16, { drops: 12 })])),
      ],
      5_000,
    );
    expect(listenersSeen).toBe(true);
    expect(listeners).toMatchObject([
      {
        port: 80,
        firstQueue: 3,
        lastQueue: 16,
        peakQueue: 17,
        samplesFull: 1,
        samples: 20,
        weight: 4,
        openedAt: null,
        closedAt: null,
      },
    ]);
  });

  test("that a complete list leaves out were closed; one on the port may be open again", () => {
    const { listeners } = windowOf([
      at(0, [0, 0, 0], list([socket(80, 40)])),
      at(1, [0, 0, 0], list([])),
      at(2, [0, 0, 0], list([socket(80, 0, { inode: "new" })])),
      at(3, [0, 0, 0], list([socket(80, 0, { inode: "new" })])),
    ]);
    expect(listeners).toMatchObject([
      { lastQueue: 40, openedAt: null, closedAt: 10_000, listedMs: 10_000 },
      { lastQueue: 0, openedAt: 20_000, closedAt: null, listedMs: 10_000 },
    ]);
  });

  describe("say for how many samples in a row they have been full,", () => {
    const full = (samplesFull: number) => socket(80, 17, { samplesFull });
    const stuck = (lists: readonly WireListeners[], from = 0) =>
      windowOf(
        lists.map((listeners, index) => at(index + 1, [0, 0, 0], listeners)),
        from,
      ).listeners[0]?.stuckSamples;

    test("of the interval in which it filled only the last", () => {
      expect(stuck([list([socket(80, 0)]), list([full(4)])])).toBe(1);
      expect(stuck([list([socket(80, 0)]), list([full(4)]), list([full(10)], false)])).toBe(11);
    });

    test("none where it was seen with room after it was full", () => {
      expect(stuck([list([full(10)]), list([full(10)])])).toBe(20);
      expect(stuck([list([full(10)]), list([full(9)]), list([full(10)])])).toBe(0);
      expect(stuck([list([full(10)]), list([socket(80, 16, { samplesFull: 9 })])])).toBe(0);
      expect(stuck([list([full(10)]), list([socket(80, 3)]), list([full(10)])])).toBe(0);
      expect(stuck([list([full(10)]), list([], false), list([full(10)])])).toBe(0);
    });

    test("none of before the window", () => {
      expect(stuck([list([full(9)]), list([full(9)]), list([full(10)])], 2 * EVERY)).toBe(10);
    });

    test("none where its limit is not known, nor of one that a partial list leaves out", () => {
      expect(stuck([list([socket(80, 17, { limit: null, samplesFull: 10 })])])).toBe(0);
      expect(stuck([list([socket(80, 0)]), list([], false)])).toBe(0);
    });
  });

  describe("say for how long their queue has not emptied,", () => {
    const standing = (queues: readonly number[], more: Partial<WireListener> = {}, from = 0) =>
      windowOf(
        queues.map((queue, index) => at(index + 1, [0, 0, 0], list([socket(80, queue, more)]))),
        from,
      ).listeners[0]?.standing;

    test("by the readings at the end of the window at three quarters of its limit or more", () => {
      expect(standing([0, 17, 12, 16], { samplesFull: 4 })).toEqual({
        readings: 3,
        samples: 30,
        samplesFull: 12,
        leastQueue: 12,
      });
      expect(standing([17, 17, 11])).toBeUndefined();
      expect(standing([17, 17, 17], {}, EVERY)).toMatchObject({ readings: 2 });
    });

    test("of the longest that was seen where the limit was not", () => {
      expect(standing([9, 12, 10], { limit: null })).toMatchObject({ readings: 3, leastQueue: 9 });
      expect(standing([9, 40, 10], { limit: null })).toBeUndefined();
    });

    test("not of a queue so short that a few clients fill it, nor of one that a partial list leaves out", () => {
      expect(standing([5, 5, 5], { limit: 4 })).toBeUndefined();
      const lists = [list([socket(80, 17)]), list([], false)];
      const window = windowOf(lists.map((listeners, index) => at(index + 1, [0, 0, 0], listeners)));
      expect(window.listeners[0]?.standing).toBeUndefined();
    });
  });

  test("that a partial list leaves out are open and have no queue", () => {
    const { listeners } = windowOf([
      at(0, [0, 0, 0], list([socket(80, 9), socket(443, 1)])),
      at(1, [0, 0, 0], list([socket(443, 2)], false)),
    ]);
    expect(listeners).toMatchObject([
      { port: 80, lastQueue: 0, closedAt: null },
      { port: 443, lastQueue: 2, closedAt: null },
    ]);
  });

  test("cannot be seen where none were ever sampled", () => {
    expect(windowOf([at(0, [0, 0, 0]), at(1, [0, 0, 0])])).toMatchObject({
      listeners: [],
      listenersSeen: false,
    });
  });
});
