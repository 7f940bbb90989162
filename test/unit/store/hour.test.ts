import { describe, expect, test } from "vitest";
import { encodeHour } from "../../../src/store/codec/hour.ts";
import { encodeValues } from "../../../src/store/codec/values.ts";
import { snapshotsOf, take } from "../../support/hours.ts";

const T0 = Date.UTC(2026, 10, 22, 12);

/** That any rows come back, and damage is told, is among what is fuzzed: test/fuzz/targets/codecs.ts. */
describe("an hour's snapshots, column by column", () => {
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
