/**
 * A little of `npm run fuzz` (docs/reliability.md): what once failed, and some inputs that nobody has seen yet.
 * SPILLWAY_TEST_RUNS says how many each target gets; a failure prints the seed, and SPILLWAY_TEST_SEED replays it.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decoded, encoded } from "../fuzz/corpus.ts";
import { fuzz, target } from "../fuzz/target.ts";
import { TARGETS } from "../fuzz/targets.ts";

const RUNS = process.env.SPILLWAY_TEST_RUNS;
const SEED = Number(process.env.SPILLWAY_TEST_SEED ?? Date.now() % 2 ** 31);

test.each(TARGETS)(
  "$name holds for what once failed and for $cases inputs",
  async (one) => {
    const { failure } = await fuzz(one, { seed: SEED, cases: Number(RUNS ?? one.cases) });
    if (failure === null) return;
    const input = JSON.stringify(encoded(failure.input));
    expect.fail(`SPILLWAY_TEST_SEED=${SEED}: ${failure.message}\n${input.slice(0, 4_000)}`);
  },
  3_600_000,
);

describe("the runner", () => {
  const small = target("a-test-of-the-runner", {
    cases: 100,
    input: fc.nat(1_000),
    check: (number) => {
      if (number >= 900) throw new Error("too large");
    },
  });

  test("finds what fails, and makes it as small as it can be", async () => {
    const { failure, cases } = await fuzz(small, { seed: 7, cases: 10_000 });
    expect(failure).toMatchObject({ input: 900, message: expect.stringContaining("too large") });
    expect(cases).toBeLessThan(10_000);
  });

  test("stops when it is told to", async () => {
    const stop = AbortSignal.abort();
    expect(await fuzz(small, { seed: 7, cases: 10_000, stop })).toMatchObject({ cases: 0, failure: null });
  });

  test("any input comes back from the corpus' form", () => {
    const value = fc.anything({ withBigInt: true, withTypedArray: false, maxDepth: 3 });
    const input = fc.oneof(
      value,
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(input, (one) => {
        expect(decoded(JSON.parse(JSON.stringify(encoded(one))))).toEqual(one);
      }),
    );
  });
});
