import { expect, test } from "vitest";
import type { Count } from "../../../src/protocol/count.ts";
import { decodePositions, encodePositions } from "../../../src/store/codec/positions.ts";
import { decodeValues, encodeValues } from "../../../src/store/codec/values.ts";

/** That any of them comes back is among what is fuzzed: test/fuzz/targets/codecs.ts. */

test("a value of 0 takes one byte, and so does an absent one", () => {
  expect(encodeValues([0, null, 0]).length).toBe(3);
});

test.each([
  ["too few", [1, 2], 3],
  ["too many", [1, 2, 3], 2],
])("values of another layout are refused: %s", (_name, counts, length) => {
  expect(() => decodeValues(encodeValues(counts), length)).toThrow(RangeError);
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
