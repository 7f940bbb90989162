import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { valueAt } from "../../../src/rates/values.ts";
import {
  DamagedHourError,
  type DecodedRow,
  decodeHour,
  decodeHourListeners,
  decodeHourTimes,
  encodeHour,
  type HourRow,
} from "../../../src/store/codec/hour.ts";
import { encodeValues } from "../../../src/store/codec/values.ts";
import { snapshotsOf, take, valuesOf } from "../../support/hours.ts";

const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 300);
const T0 = Date.UTC(2026, 10, 22, 12);

/** What a counter does over a few dozen snapshots: stands still, grows, jumps, is absent, exceeds 2^53. */
const course = fc.oneof(
  fc.record({ start: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), steps: fc.constant([0n]) }),
  fc.record({
    start: fc.nat(100_000).map(BigInt),
    steps: fc.array(fc.nat(300).map(BigInt), { minLength: 1 }),
  }),
  fc.record({
    start: fc.constantFrom(2n ** 53n - 3n, 2n ** 53n - 1n, 2n ** 51n, 2n ** 64n - 9n, 0n),
    steps: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }), { minLength: 1, maxLength: 9 }),
  }),
  fc.record({ start: fc.constant(5n), steps: fc.array(fc.constantFrom(0n, 0n, 0n, 1n), { minLength: 1 }) }),
);

const layout = fc.record({
  layoutId: fc.integer({ min: 1, max: 3 }),
  courses: fc.array(course, { maxLength: 8 }),
  absent: fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
  absentOften: fc.boolean(),
});

const anyRows: fc.Arbitrary<HourRow[]> = fc
  .record({
    layouts: fc.uniqueArray(layout, { minLength: 1, maxLength: 3, selector: (one) => one.layoutId }),
    rows: fc.array(
      fc.record({
        gap: fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.constant(10_000)),
        drift: fc.oneof(fc.constant(0), fc.integer({ min: -1000, max: 3_000_000 })),
        everyMs: fc.constantFrom(10_000, 10_000, 1000, 60_000),
        flags: fc.constantFrom(0, 0, 1, -32_768, 32_767),
        epochId: fc.constantFrom(7, 7, 7, 8, 2 ** 31 - 1),
        layout: fc.nat(5),
        listeners: fc.option(fc.uint8Array({ maxLength: 60 }), { freq: 2 }),
      }),
      { minLength: 1, maxLength: 60 },
    ),
  })
  .map(({ layouts, rows }) => {
    let at = T0;
    let uptimeMs = 3_000_000;
    return rows.map((row, index): HourRow => {
      const own = layouts[row.layout % layouts.length] ?? layouts[0];
      at += row.gap;
      uptimeMs = Math.max(0, uptimeMs + row.gap + row.drift);
      const counts = (own?.courses ?? []).map(({ start, steps }, position) => {
        if (own?.absentOften === true && own.absent[(index + position) % own.absent.length] === true)
          return null;
        let value = start;
        for (let step = 0; step < index; step++) value += steps[step % steps.length] ?? 0n;
        return BigInt.asUintN(64, value);
      });
      return {
        at,
        uptimeMs,
        everyMs: row.everyMs,
        flags: row.flags,
        epochId: row.epochId,
        layoutId: own?.layoutId ?? 0,
        values: valuesOf(counts),
        listeners: row.listeners,
      };
    });
  });

/** Decoded rows in the form of what was encoded. */
function stored(rows: readonly DecodedRow[]): HourRow[] {
  return rows.map((row) => ({
    ...row,
    values: encodeValues(Array.from(row.values.numbers, (_, position) => valueAt(row.values, position))),
    listeners: row.listeners,
  }));
}

function bytesOf(rows: readonly HourRow[]): unknown[] {
  return rows.map((row) => ({
    ...row,
    values: Buffer.from(row.values).toString("hex"),
    listeners: row.listeners === null ? null : Buffer.from(row.listeners).toString("hex"),
  }));
}

describe("an hour's snapshots, column by column", () => {
  test("come back as they were, bit by bit", () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const bytes = encodeHour(rows);
        expect(bytesOf(stored(decodeHour(bytes)))).toEqual(bytesOf(rows));
        expect(decodeHourTimes(bytes)).toEqual(rows.map(({ at, epochId }) => ({ at, epochId })));
        expect(decodeHourListeners(bytes).map(({ at }) => at)).toEqual(
          rows.filter((row) => row.listeners !== null).map((row) => row.at),
        );
      }),
      { numRuns: RUNS },
    );
  });

  test("any damage is named as such", () => {
    const bytes = encodeHour(take(snapshotsOf(hostOf(1)), 40));
    const damaged = fc.oneof(
      fc
        .record({ at: fc.nat(bytes.length - 1), bits: fc.integer({ min: 1, max: 255 }) })
        .map(({ at, bits }) => {
          const other = Buffer.from(bytes);
          other[at] = (other[at] ?? 0) ^ bits;
          return other;
        }),
      fc.nat(bytes.length - 1).map((end) => bytes.subarray(0, end)),
      fc.uint8Array({ minLength: 1, maxLength: 20 }).map((more) => Buffer.concat([bytes, more])),
      fc.uint8Array({ maxLength: 200 }).map((noise) => Buffer.from(noise)),
    );
    fc.assert(
      fc.property(damaged, (other) => {
        expect(() => decodeHour(other)).toThrow(DamagedHourError);
        expect(() => decodeHourTimes(other)).toThrow(DamagedHourError);
      }),
      { numRuns: RUNS },
    );
  });

  test("rows that are no values, or not as many as their layout's, are refused", () => {
    const [first, second] = take(snapshotsOf(hostOf(2)), 2);
    if (first === undefined || second === undefined) throw new Error("two rows");
    expect(() => encodeHour([first, { ...second, values: encodeValues([1, 2]) }])).toThrow(RangeError);
    expect(() => encodeHour([{ ...first, values: Uint8Array.of(0x80) }])).toThrow(RangeError);
  });

  test("take less than 0.18 bytes a sample, most of it the noise of 24 busy counters", () => {
    let bytes = 0;
    for (let seed = 0; seed < 10; seed++) bytes += encodeHour(take(snapshotsOf(hostOf(seed)), 360)).length;
    expect(bytes / (10 * 360 * 150)).toBeLessThan(0.18);
  });
});

function hostOf(seed: number) {
  return { seed, width: 150, start: T0, everyMs: 10_000, epochId: 1, layoutId: 1 };
}
