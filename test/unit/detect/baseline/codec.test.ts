import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBaselines, encodeBaselines } from "../../../../src/detect/baseline/codec.ts";
import { type MinuteReport, ShardBaselines } from "../../../../src/detect/baseline/shard-baselines.ts";
import type { ShardMinute } from "../../../../src/detect/columns.ts";
import { POSITIONS } from "../../../../src/rates/shard-sums.ts";
import { MINUTE_MS, MONDAY } from "../support/load.ts";

const NAMES = ["TcpPassiveOpens", "TcpExtListenOverflows", "TcpOutSegs", "TcpRetransSegs", "TcpAttemptFails"];

/** Minutes of a shard with a few namespaces: loads, bursts, gaps, deploys, counters that a kernel lacks. */
const minutes: fc.Arbitrary<ShardMinute[]> = fc
  .array(
    fc.record({
      step: fc.constantFrom(1, 1, 1, 1, 2, 9),
      counts: fc.array(
        fc.array(fc.oneof(fc.nat(50), fc.nat(100_000), fc.constant(Number.NaN)), {
          minLength: 3,
          maxLength: 3,
        }),
        {
          minLength: NAMES.length,
          maxLength: NAMES.length,
        },
      ),
      open: fc.array(fc.oneof(fc.nat(9_000), fc.constant(Number.NaN)), { minLength: 3, maxLength: 3 }),
      covered: fc.array(fc.constantFrom(60_000, 60_000, 60_000, 30_000, 0), { minLength: 3, maxLength: 3 }),
      disturbed: fc.constantFrom(null, null, null, 0, 1),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((all) => {
    let at = MONDAY;
    return all.map(({ step, counts, open, covered, disturbed }) => {
      at += step * MINUTE_MS;
      return {
        at,
        ratedMs: column(covered),
        increases: new Map(NAMES.map((name, index) => [name, column(counts[index] ?? [])])),
        gauges: new Map([["TcpCurrEstab", column(open)]]),
        disturbed: disturbed === null ? null : Uint8Array.from(column([disturbed, 0, 0])),
      };
    });
  });

/** At positions 0, 7 and 255. */
function column(values: readonly number[]): Float64Array {
  const all = new Float64Array(POSITIONS);
  [0, 7, 255].forEach((position, index) => {
    all[position] = values[index] ?? 0;
  });
  return all;
}

const run = (shard: ShardBaselines, all: readonly ShardMinute[]): MinuteReport[] =>
  all.map((minute) => shard.evaluate(minute));

describe("stored state", () => {
  test("goes on as if it had never been stored", () => {
    fc.assert(
      fc.property(minutes, fc.nat(), (all, where) => {
        const cut = where % (all.length + 1);
        const straight = new ShardBaselines();
        const expected = run(straight, all).slice(cut);
        const first = new ShardBaselines();
        run(first, all.slice(0, cut));
        const second = decodeBaselines(encodeBaselines(first));
        expect(run(second, all.slice(cut))).toEqual(expected);
        expect(encodeBaselines(second).equals(encodeBaselines(straight))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("a minute that is judged again, or late, changes nothing", () => {
    fc.assert(
      fc.property(minutes, fc.array(fc.nat()), (all, again) => {
        const straight = new ShardBaselines();
        run(straight, all);
        const repeated = new ShardBaselines();
        all.forEach((minute, index) => {
          repeated.evaluate(minute);
          for (const earlier of again) {
            const report = repeated.evaluate(all[earlier % (index + 1)] as ShardMinute);
            expect(report).toEqual({ flags: [], newNormals: [] });
          }
        });
        expect(encodeBaselines(repeated).equals(encodeBaselines(straight))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("bytes that were damaged anywhere are refused", () => {
    const shard = new ShardBaselines();
    run(shard, fc.sample(minutes, { numRuns: 1, seed: 7 })[0] ?? []);
    const bytes = encodeBaselines(shard);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] as number) ^ bits;
        expect(() => decodeBaselines(damaged)).toThrow(RangeError);
      }),
    );
    for (const length of [0, 5, 12, bytes.length - 1]) {
      expect(() => decodeBaselines(bytes.subarray(0, length))).toThrow(RangeError);
    }
  });

  test("lies within the bounds that memory and storage were planned by", () => {
    const shard = new ShardBaselines();
    const bytesOf = (bank: ShardBaselines["seasonal"]) =>
      bank.columns().reduce((sum, { array, perSeries }) => sum + perSeries * array.BYTES_PER_ELEMENT, 0);
    expect([bytesOf(shard.seasonal), bytesOf(shard.still)]).toEqual([187, 43]);
    run(shard, fc.sample(minutes, { numRuns: 1, seed: 8 })[0] ?? []);
    expect(encodeBaselines(shard).length).toBeLessThan(3 * 3_500 + 2_000);
  });
});
