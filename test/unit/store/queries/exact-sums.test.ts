import fc from "fast-check";
import { expect, test } from "vitest";
import { toCount } from "../../../../src/protocol/count.ts";
import { ExactSums } from "../../../../src/store/queries/exact-sums.ts";

test("sums are exact, however large what is added", () => {
  const count = fc.oneof(
    fc.bigInt(0n, 1_000n),
    fc.bigInt(2n ** 51n, 2n ** 54n),
    fc.bigInt(2n ** 63n, 2n ** 65n),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), count)), (additions) => {
      const sums = new ExactSums(4);
      const expected = [0n, 0n, 0n, 0n];
      for (const [index, value] of additions) {
        sums.add(index, toCount(value));
        expected[index] = (expected[index] ?? 0n) + value;
      }
      expect([0, 1, 2, 3].map((index) => sums.at(index))).toEqual(expected.map(toCount));
      sums.clear();
      expect(sums.at(0)).toBe(0);
    }),
  );
});
