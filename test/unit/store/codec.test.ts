import fc from "fast-check";
import { expect, test } from "vitest";
import type { Count } from "../../../src/protocol/count.ts";
import { counterValues, valueAt } from "../../../src/rates/values.ts";
import { decodePositions, encodePositions } from "../../../src/store/codec/positions.ts";
import { decodeValues, encodeValues } from "../../../src/store/codec/values.ts";
import { VarintReader, VarintWriter } from "../../../src/store/codec/varint.ts";

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

test("any positions come back, in the sparse form and in the dense", () => {
  const positions = fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { maxLength: 256 });
  fc.assert(
    fc.property(positions, fc.func(fc.tuple(count, fc.boolean())), (places, countAt) => {
      const counts = places
        .sort((a, b) => a - b)
        .map((position) => {
          const [value, unrated] = countAt(position);
          return { position, value, unrated: unrated ? value : 0 };
        });
      expect(decodePositions(encodePositions(counts))).toEqual(counts);
    }),
  );
});

test("a full shard costs a byte a position, a lone one three", () => {
  const all = Array.from({ length: 256 }, (_, position) => ({ position, value: 1, unrated: 0 as Count }));
  expect(encodePositions(all).length).toBe(256 + 2);
  expect(encodePositions(all.slice(7, 8)).length).toBe(2 + 2 + 1);
});
