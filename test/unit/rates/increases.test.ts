import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Count } from "../../../src/protocol/count.ts";
import { type Increases, increasesOf } from "../../../src/rates/increases.ts";
import { type Interval, intervalOf } from "../../../src/rates/interval.ts";
import {
  BOOT_TIME,
  type Epoch,
  type Layout,
  type Snapshot,
  START_TIME,
} from "../../../src/rates/snapshot.ts";
import { counterValues, valueAt } from "../../../src/rates/values.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const T0 = Date.UTC(2026, 10, 22, 12);

const epochs: Epoch[] = [];
function epoch(bootId: string, number = 0, wordSize: 32 | 64 = 64): Epoch {
  const made = { id: epochs.length + 1, bootId, number, wordSize };
  epochs.push(made);
  return made;
}

/** Counters 10, 11, 12, ... and a gauge 99 where asked for. */
function layout(length: number, gauge = false): Layout {
  const ids = Array.from({ length }, (_, index) => 10 + index);
  const gauges = ids.map(() => 0);
  if (gauge) {
    ids.push(99);
    gauges.push(1);
  }
  return {
    id: ids.length * 2 + Number(gauge),
    counterIds: Int32Array.from(ids),
    gauges: Uint8Array.from(gauges),
  };
}

const boot = epoch("boot-1");
const boot32 = epoch("boot-32", 0, 32);

function snap(atSeconds: number, counts: (Count | null)[], more: Partial<Snapshot> = {}): Snapshot {
  return {
    at: T0 + atSeconds * SECOND,
    uptimeMs: 10 * HOUR + atSeconds * SECOND,
    everyMs: 10 * SECOND,
    bornUptimeMs: null,
    epoch: boot,
    layout: layout(counts.length),
    values: counterValues(counts),
    ...more,
  };
}

function between(previous: Snapshot, next: Snapshot) {
  return plain(increasesOf(next, intervalOf(next, previous, previous)));
}

/** With one count or null for each position, which is easier on the eye than typed arrays. */
function plain(increases: Increases) {
  return {
    ...increases,
    counts: [...increases.counts.numbers.keys()].map((position) => valueAt(increases.counts, position)),
  };
}

describe("increases", () => {
  const none = { counts: [], ratedMs: 0 };
  test.each([
    ["both grow", [5, 7], [8, 7], {}, { counts: [3, 0], ratedMs: 10_000, baseline: null }],
    ["above 2^53, exact", [2n ** 63n, 1], [2n ** 63n + 1n, 1], {}, { counts: [1, 0] }],
    ["from 0 to the largest", [0, 1], [2n ** 64n - 1n, 1], {}, { counts: [2n ** 64n - 1n, 0] }],
    [
      "one fell: none for it, the rest go on",
      [9, 5, 5, 5],
      [3, 6, 6, 6],
      {},
      { counts: [null, 1, 1, 1], fell: [10] },
    ],
    [
      "half of the non-zero fell: another namespace",
      [9, 9, 5, 5],
      [1, 1, 6, 6],
      {},
      { ...none, baseline: "recreated" },
    ],
    ["absent before", [null, 1], [7, 2], {}, { counts: [null, 1] }],
    ["absent now", [7, 1], [null, 2], {}, { counts: [null, 1] }],
    [
      "32 bits, past the end: wraps",
      [4_294_967_290, 1, 1],
      [4, 2, 2],
      { epoch: boot32 },
      { counts: [10, 1, 1], fell: [] },
    ],
    [
      "32 bits, fell from a low value: fell",
      [1_000, 1, 1, 1],
      [4, 2, 2, 2],
      { epoch: boot32 },
      { counts: [null, 1, 1, 1], fell: [10] },
    ],
    ["64 bits never wrap", [4_294_967_290, 1, 1], [4, 2, 2], {}, { counts: [null, 1, 1], fell: [10] }],
  ] as const)("%s", (_name, old, now, more, expected) => {
    expect(between(snap(0, [...old], more), snap(10, [...now], more))).toMatchObject(expected);
  });

  test("a gauge has none, and may fall", () => {
    const withGauge = { layout: layout(2, true) };
    const result = between(snap(0, [1, 1, 50], withGauge), snap(10, [2, 2, 3], withGauge));
    expect(result).toMatchObject({ counts: [1, 1, null], fell: [], baseline: null });
  });

  test("a counter that the earlier layout lacks has none", () => {
    expect(between(snap(0, [1, 1]), snap(10, [2, 3, 400])).counts).toEqual([1, 2, null]);
  });
});

describe("intervals", () => {
  const next = snap(100, [50]);
  const other = epoch("boot-2");
  test.each<[string, Snapshot, Snapshot | null, Snapshot | null, Partial<Interval>]>([
    ["usual", next, snap(90, [40]), snap(90, [40]), { kind: "interval", elapsedMs: 10_000, rated: true }],
    ["as long as may be rated", next, snap(70, [40]), null, { kind: "interval", rated: true }],
    ["longer: counted and unrated", next, snap(69.999, [40]), null, { kind: "interval", rated: false }],
    ["a day: counted", next, snap(100 - 24 * 3600, [40]), null, { kind: "interval", rated: false }],
    [
      "over a day: a baseline",
      next,
      snap(99.999 - 24 * 3600, [40]),
      null,
      { kind: "baseline", reason: "gap" },
    ],
    ["first of all", next, null, null, { kind: "baseline", reason: "first" }],
    [
      "a boot that began after what was seen of the other: since the boot",
      { ...next, epoch: other, uptimeMs: 5_000 },
      null,
      snap(90, [40]),
      { kind: "sinceBoot" },
    ],
    [
      "a boot that began with the snapshot itself: when its counters began is not known",
      { ...next, epoch: other, uptimeMs: 0 },
      null,
      snap(90, [40]),
      { kind: "baseline", reason: "first" },
    ],
    [
      "a boot that began a day after what was seen of the other: since the boot",
      { ...next, epoch: other, uptimeMs: 5_000 },
      null,
      snap(100 - 24 * 3600, [40]),
      { kind: "sinceBoot" },
    ],
    [
      "a boot that began more than a day after what was seen of the other: a baseline",
      { ...next, epoch: other, uptimeMs: 5_000 },
      null,
      snap(99.999 - 24 * 3600, [40]),
      { kind: "baseline", reason: "rebooted" },
    ],
    [
      "a boot that began before: a clone's",
      { ...next, epoch: other, uptimeMs: 20_000 },
      null,
      snap(90, [40]),
      { kind: "baseline", reason: "first" },
    ],
    [
      "another epoch of the same boot",
      { ...next, epoch: epoch("boot-1", 1) },
      null,
      snap(90, [40]),
      { kind: "baseline", reason: "first" },
    ],
    [
      "a later epoch of a new boot: its first has gone",
      { ...next, epoch: epoch("boot-2", 1), uptimeMs: 5_000 },
      null,
      snap(90, [40]),
      { kind: "baseline", reason: "first" },
    ],
    [
      "born under the agent's eyes",
      { ...next, bornUptimeMs: next.uptimeMs - 7_000 },
      null,
      null,
      { kind: "fromZero", elapsedMs: 7_000 },
    ],
    [
      "uptime stands still while time goes on",
      next,
      { ...snap(90, [40]), uptimeMs: next.uptimeMs },
      null,
      { kind: "baseline", reason: "out_of_order" },
    ],
  ])("%s", (_name, snapshot, previous, earlier, expected) => {
    expect(intervalOf(snapshot, previous, earlier)).toMatchObject(expected);
  });

  test("since boot counts the value and rates nothing", () => {
    const result = plain(increasesOf(snap(0, [7, null]), { kind: "sinceBoot" }));
    expect(result).toMatchObject({ counts: [7, null], ratedMs: 0, baseline: null });
  });
});

describe.each([
  ["when it booted", BOOT_TIME],
  ["when its counters began", START_TIME],
])("a host that says %s", (_what, mark) => {
  /** One counter, and the time in seconds after T0; null where it is not said. */
  function said(atSeconds: number, count: number, seconds: number | null): Snapshot {
    const layoutOfBoth = { id: 77, counterIds: Int32Array.of(10, 90), gauges: Uint8Array.of(0, mark) };
    return snap(atSeconds, [count, seconds === null ? null : T0 / SECOND + seconds], {
      layout: layoutOfBoth,
    });
  }

  test.each([
    ["the same", said(0, 5, -60), said(10, 9, -60), 4, 10_000],
    ["between the two: all that was counted since, unrated", said(0, 5, -60), said(60, 9, 30), 9, 0],
    ["between the two, and the value fell", said(0, 500, -60), said(60, 9, 30), 9, 0],
    ["before the first: its clock was set", said(0, 5, -60), said(10, 9, -3_600), 4, 10_000],
    ["by a second: its clock drifts", said(0, 5, -60), said(10, 9, -59), 4, 10_000],
    ["after the second: its clock is ahead", said(0, 5, -60), said(10, 9, 500), 4, 10_000],
    [
      "between the two, and the first says so too: its clock is ahead",
      said(0, 5, 7),
      said(10, 9, 7),
      4,
      10_000,
    ],
    ["the same, and that clock drifts", said(0, 5, 7), said(10, 9, 8), 4, 10_000],
    ["not said by the first", said(0, 5, null), said(60, 9, 30), 4, 0],
    ["not said by the second", said(0, 5, -60), said(10, 9, null), 4, 10_000],
  ])("%s", (_what, previous, next, increase, ratedMs) => {
    expect(between(previous, next)).toMatchObject({ baseline: null, ratedMs, counts: [increase, null] });
  });
});

describe("a host that says when it booted and when its counters began", () => {
  function said(atSeconds: number, count: number, booted: number | null, began: number): Snapshot {
    const ids = Int32Array.of(10, 90, 91);
    const seconds = booted === null ? null : T0 / SECOND + booted;
    return snap(atSeconds, [count, seconds, T0 / SECOND + began], {
      layout: { id: 78, counterIds: ids, gauges: Uint8Array.of(0, BOOT_TIME, START_TIME) },
    });
  }

  test.each([
    ["its exporter began anew and it did not", said(0, 5, -60, -30), said(10, 9, -60, 5), 4],
    ["it began anew and its exporter says it did not", said(0, 5, -60, -30), said(60, 9, 30, -30), 9],
    ["one of the two does not say when it booted", said(0, 5, null, -30), said(60, 9, -60, 30), 9],
  ])("%s", (_what, previous, next, increase) => {
    expect(between(previous, next)).toMatchObject({ baseline: null, counts: [increase, null, null] });
  });
});

test("in an unbroken run the increases add up to last less first, whatever the sizes", () => {
  const step = fc.oneof(fc.bigInt(0n, 5n), fc.bigInt(0n, 2n ** 40n), fc.bigInt(0n, 2n ** 62n));
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 63n), fc.array(step, { maxLength: 3 }), (first, steps) => {
      let value = first;
      let before = snap(0, [toCount(value)]);
      let sum = 0n;
      for (const [index, grown] of steps.entries()) {
        value += grown;
        if (value >= 2n ** 64n) return;
        const after = snap((index + 1) * 10, [toCount(value)]);
        sum += BigInt(between(before, after).counts[0] ?? -1);
        before = after;
      }
      expect(sum).toBe(value - first);
    }),
    { numRuns: 500 },
  );
});

function toCount(value: bigint): Count {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
