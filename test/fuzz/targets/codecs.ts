/** What the service stores is what it reads again, and what is damaged is told so. */
import fc from "fast-check";
import { expect } from "vitest";
import type { Count } from "../../../src/protocol/count.ts";
import { counterValues, valueAt } from "../../../src/rates/values.ts";
import { GaugeBuffer, readGauges, writeGauges } from "../../../src/store/codec/gauges.ts";
import {
  DamagedHourError,
  type DecodedRow,
  decodeHour,
  decodeHourListeners,
  decodeHourTimes,
  encodeHour,
  type HourRow,
} from "../../../src/store/codec/hour.ts";
import {
  decodePositions,
  encodePositions,
  PositionBuffer,
  positionAt,
  readPositions,
  writePositions,
} from "../../../src/store/codec/positions.ts";
import { decodeValues, encodeValues } from "../../../src/store/codec/values.ts";
import { VarintReader, VarintWriter } from "../../../src/store/codec/varint.ts";
import { snapshotsOf, take, valuesOf } from "../../support/hours.ts";
import { type FuzzTarget, target } from "../target.ts";

const edges = [
  0,
  1,
  126,
  127,
  128,
  16_383,
  16_384,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 49 - 1,
  2 ** 49,
  2 ** 53 - 1,
];
const bigEdges = [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 72n];
const count: fc.Arbitrary<Count> = fc.oneof(
  fc.constantFrom<Count>(...edges, ...bigEdges),
  fc.maxSafeNat(),
  fc.bigInt(2n ** 53n, 2n ** 64n - 1n),
);
const counter: fc.Arbitrary<Count> = count.filter((value) => value < 2n ** 64n);

const entries = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<[number, T][]> =>
  fc
    .oneof(
      fc.uniqueArray(fc.tuple(fc.nat(255), value), { maxLength: 256, selector: ([position]) => position }),
      fc
        .array(value, { minLength: 256, maxLength: 256 })
        .map((all) => all.map((one, at) => [at, one] as [number, T])),
    )
    .map((all) => all.sort((a, b) => a[0] - b[0]));
/** Columns are of one width where they can be: values of like size, and a few that are not. */
const likeCounts = fc
  .constantFrom(1, 255, 256, 65_535, 65_536, 2 ** 24, 2 ** 32 - 1, 2 ** 40, 2 ** 48)
  .chain((most) =>
    fc.constant(fc.oneof({ weight: 20, arbitrary: fc.nat(most) }, { weight: 1, arbitrary: count })),
  );

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

/** A real hour with a bit, a byte or its end wrong, and what is none at all. */
function damagedHour(bytes: Buffer): fc.Arbitrary<Buffer> {
  return fc.oneof(
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
}

/** Used again and again, as the service does. */
const positionBuffer = new PositionBuffer();
const gaugeBuffer = new GaugeBuffer();
const HOST = { seed: 1, width: 150, start: T0, everyMs: 10_000, epochId: 1, layoutId: 1 };

export const CODECS: readonly FuzzTarget[] = [
  target("varints", {
    cases: 300,
    input: fc.array(count),
    check: (counts) => {
      const writer = new VarintWriter(0);
      for (const one of counts) writer.varint(one);
      const reader = new VarintReader(writer.take());
      expect(counts.map(() => reader.varint())).toEqual(counts);
      expect(reader.done).toBe(true);
    },
  }),
  target("values", {
    cases: 200,
    input: fc.array(fc.option(counter), { maxLength: 400 }),
    check: (counts) => {
      const decoded = decodeValues(encodeValues(counts), counts.length);
      expect(counts.map((_, position) => valueAt(decoded, position))).toEqual(counts);
      expect(decoded).toEqual(counterValues(counts));
    },
  }),
  target("positions", {
    cases: 300,
    input: likeCounts.chain((like) => entries(fc.tuple(fc.oneof(like, count), fc.boolean()))),
    check: (all) => {
      const counts = all.map(([position, [value, isUnrated]]) => ({
        position,
        value,
        unrated: isUnrated ? value : 0,
      }));
      const bytes = encodePositions(counts);
      expect(decodePositions(bytes)).toEqual(counts);
      expect(readPositions(bytes, positionBuffer)).toBe(counts.length);
      expect(positionBuffer.isExact).toBe(counts.every(({ value }) => typeof value === "number"));
      expect(
        counts.map((_, index) => ({
          position: positionBuffer.positions[index],
          value: positionBuffer.valueAt(index),
          unrated: positionBuffer.unratedAt(index),
        })),
      ).toEqual(counts);
      expect([...positionBuffer.values.subarray(0, counts.length)]).toEqual(
        counts.map(({ value }) => Number(value)),
      );
      expect(writePositions(positionBuffer)).toEqual(bytes);
      // One of them is what unpacking all of them gives.
      const single = new Float64Array(256).map((_, position) => positionAt(bytes, position));
      const expected = new Float64Array(256);
      for (const { position, value } of counts) expected[position] = Number(value);
      expect(single).toEqual(expected);
    },
  }),
  target("gauges", {
    cases: 300,
    input: likeCounts.chain((like) => entries(fc.tuple(like, like, fc.oneof(like, count)))),
    check: (all) => {
      gaugeBuffer.clear();
      for (const [position, [last, lowest, highest]] of all)
        gaugeBuffer.push(position, last, lowest, highest);
      const other = new GaugeBuffer();
      expect(readGauges(writeGauges(gaugeBuffer), other)).toBe(all.length);
      expect(
        all.map((_, index) => [
          other.positions[index],
          [other.lastAt(index), other.lowestAt(index), other.highestAt(index)],
        ]),
      ).toEqual(all);
    },
  }),
  target("compacted-hours", {
    cases: 300,
    input: anyRows,
    check: (rows) => {
      const bytes = encodeHour(rows);
      expect(bytesOf(stored(decodeHour(bytes)))).toEqual(bytesOf(rows));
      expect(decodeHourTimes(bytes)).toEqual(rows.map(({ at, epochId }) => ({ at, epochId })));
      expect(decodeHourListeners(bytes).map(({ at }) => at)).toEqual(
        rows.filter((row) => row.listeners !== null).map((row) => row.at),
      );
    },
  }),
  target("damaged-hours", {
    cases: 300,
    input: damagedHour(Buffer.from(encodeHour(take(snapshotsOf(HOST), 40)))),
    check: (bytes) => {
      expect(() => decodeHour(bytes)).toThrow(DamagedHourError);
      expect(() => decodeHourTimes(bytes)).toThrow(DamagedHourError);
    },
  }),
];
