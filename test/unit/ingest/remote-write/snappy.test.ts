import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { snappy } from "../../../../bench/peers/snappy.ts";
import { SpillwayError } from "../../../../src/errors.ts";
import { decompressBlock } from "../../../../src/ingest/remote-write/snappy.ts";
import { repetitive } from "../../../fuzz/targets/samples.ts";
import { literalBlock } from "../../../support/remote-write.ts";

const MOST = 100_000;

function faultOf(block: Uint8Array, most = MOST): string {
  try {
    decompressBlock(block, most);
  } catch (error) {
    if (error instanceof SpillwayError) return error.code;
    throw error;
  }
  return "none";
}

test("what was compressed comes back, whatever it is", () => {
  fc.assert(
    fc.property(repetitive, (bytes) => {
      expect(Buffer.from(decompressBlock(snappy(bytes), 1_000_000)).equals(bytes)).toBe(true);
      expect(Buffer.from(decompressBlock(literalBlock(bytes), 1_000_000)).equals(bytes)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("each kind of copy, also one that reaches into itself", () => {
  // "ab", then four to eleven bytes from two back, by one, two and four bytes of offset.
  expect(
    Buffer.from(decompressBlock(Buffer.from([8, 1 << 2, 97, 98, 1 | (2 << 2), 2]), MOST)).toString(),
  ).toBe("abababab");
  expect(
    Buffer.from(decompressBlock(Buffer.from([5, 1 << 2, 97, 98, 2 | (2 << 2), 2, 0]), MOST)).toString(),
  ).toBe("ababa");
  expect(
    Buffer.from(decompressBlock(Buffer.from([5, 1 << 2, 97, 98, 3 | (2 << 2), 2, 0, 0, 0]), MOST)).toString(),
  ).toBe("ababa");
});

describe("a block that lies", () => {
  test.each([
    ["is empty", []],
    ["has no end of its length", [0x80, 0x80]],
    ["has a length above 2^32", [0xff, 0xff, 0xff, 0xff, 0x7f]],
    ["says less than it claims", [5, 0, 97]],
    ["claims more than so few bytes can say", [0xff, 0xff, 1, 0, 97]],
    ["says more than it claims", [1, 1 << 2, 97, 98]],
    ["ends within a literal", [9, 8 << 2, 97]],
    ["has a literal of a length above 2^31", [5, 63 << 2, 0xfa, 0xff, 0xff, 0xff, 0, 0]],
    ["ends within the length of a literal", [5, 63 << 2, 1]],
    ["copies from before its beginning", [8, 0, 97, 1 | (2 << 2), 2]],
    ["copies from nowhere", [8, 0, 97, 1 | (2 << 2), 0]],
    ["ends within a copy", [8, 0, 97, 2 | (2 << 2), 1]],
    ["copies more than it claims", [4, 1 << 2, 97, 98, 1 | (7 << 2), 2]],
  ])("%s", (_what, bytes) => {
    expect(faultOf(Buffer.from(bytes))).toBe("BAD_REQUEST");
  });

  test("claims more than is taken: nothing is made room for", () => {
    const claims = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
    const before = process.memoryUsage().arrayBuffers;
    expect(faultOf(claims)).toBe("PAYLOAD_TOO_LARGE");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });
});
