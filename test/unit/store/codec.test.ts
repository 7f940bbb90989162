import fc from "fast-check";
import { expect, test } from "vitest";
import type { Count } from "../../../src/protocol/count.ts";
import { counterValues, valueAt } from "../../../src/rates/values.ts";
import { GaugeBuffer, readGauges, writeGauges } from "../../../src/store/codec/gauges.ts";
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

const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 300);

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

test("any counts come back from varints as they were", () => {
  fc.assert(
    fc.property(fc.array(count), (counts) => {
      const writer = new VarintWriter(0);
      for (const one of counts) writer.varint(one);
      const reader = new VarintReader(writer.take());
      expect(counts.map(() => reader.varint())).toEqual(counts);
      expect(reader.done).toBe(true);
    }),
  );
});

test("any values come back, absent ones absent", () => {
  fc.assert(
    fc.property(fc.array(fc.option(counter), { maxLength: 400 }), (counts) => {
      const decoded = decodeValues(encodeValues(counts), counts.length);
      expect(counts.map((_, position) => valueAt(decoded, position))).toEqual(counts);
      expect(decoded).toEqual(counterValues(counts));
    }),
  );
});

test("a value of 0 takes one byte, and so does an absent one", () => {
  expect(encodeValues([0, null, 0]).length).toBe(3);
});

test.each([
  ["too few", [1, 2], 3],
  ["too many", [1, 2, 3], 2],
])("values of another layout are refused: %s", (_name, counts, length) => {
  expect(() => decodeValues(encodeValues(counts), length)).toThrow(RangeError);
});

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

test("any positions come back, in every form, through a buffer that is used again", () => {
  const buffer = new PositionBuffer();
  fc.assert(
    fc.property(
      likeCounts.chain((like) => entries(fc.tuple(fc.oneof(like, count), fc.boolean()))),
      (all) => {
        const counts = all.map(([position, [value, isUnrated]]) => ({
          position,
          value,
          unrated: isUnrated ? value : 0,
        }));
        const bytes = encodePositions(counts);
        expect(decodePositions(bytes)).toEqual(counts);
        expect(readPositions(bytes, buffer)).toBe(counts.length);
        expect(buffer.isExact).toBe(counts.every(({ value }) => typeof value === "number"));
        expect(
          counts.map((_, index) => ({
            position: buffer.positions[index],
            value: buffer.valueAt(index),
            unrated: buffer.unratedAt(index),
          })),
        ).toEqual(counts);
        expect([...buffer.values.subarray(0, counts.length)]).toEqual(
          counts.map(({ value }) => Number(value)),
        );
        expect(writePositions(buffer)).toEqual(bytes);
      },
    ),
    { numRuns: RUNS },
  );
});

test("any gauges come back", () => {
  const buffer = new GaugeBuffer();
  const gauge = likeCounts.chain((like) => entries(fc.tuple(like, like, fc.oneof(like, count))));
  fc.assert(
    fc.property(gauge, (all) => {
      buffer.clear();
      for (const [position, [last, lowest, highest]] of all) buffer.push(position, last, lowest, highest);
      const bytes = writeGauges(buffer);
      const other = new GaugeBuffer();
      expect(readGauges(bytes, other)).toBe(all.length);
      expect(
        all.map((_, index) => [
          other.positions[index],
          [other.lastAt(index), other.lowestAt(index), other.highestAt(index)],
        ]),
      ).toEqual(all);
    }),
    { numRuns: RUNS },
  );
});

test("bytes that are cut off, or not of a row, are refused", () => {
  const bytes = encodePositions([
    { position: 3, value: 900, unrated: 0 },
    { position: 9, value: 2n ** 60n, unrated: 7 },
  ]);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodePositions(bytes.subarray(0, length))).toThrow(RangeError);
  }
  expect(() => decodePositions(Uint8Array.of(9, 0, 0, 0))).toThrow(RangeError);
});

test("a full shard costs a byte a position, a lone one six; one busy host widens no column", () => {
  const all = Array.from({ length: 256 }, (_, position) => ({ position, value: 1, unrated: 0 as Count }));
  expect(encodePositions(all).length).toBe(256 + 3);
  expect(encodePositions(all.slice(7, 8)).length).toBe(3 + 2 + 1);
  expect(
    encodePositions([...all.slice(0, 255), { position: 255, value: 2 ** 40, unrated: 0 }]).length,
  ).toBeLessThan(300);
});

test("one position of a row is what unpacking all of it gives", () => {
  const row = fc.uniqueArray(fc.tuple(fc.nat(255), count), {
    selector: ([position]) => position,
    maxLength: 256,
  });
  fc.assert(
    fc.property(row, fc.boolean(), (entries, all) => {
      const values = new Map(entries);
      if (all)
        for (let position = 0; position < 256; position++) values.set(position, values.get(position) ?? 7);
      const counts = [...values]
        .sort((a, b) => a[0] - b[0])
        .map(([position, value]) => ({ position, value, unrated: 0 }));
      const bytes = encodePositions(counts);
      for (let position = 0; position < 256; position++) {
        expect(positionAt(bytes, position)).toBe(Number(values.get(position) ?? 0));
      }
    }),
    { numRuns: RUNS },
  );
});
