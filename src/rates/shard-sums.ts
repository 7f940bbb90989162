import { type Count, toCount } from "../protocol/count.ts";
import { BIG } from "./values.ts";

/** Namespaces in a shard. */
export const POSITIONS = 256;

/**
 * Exact sums at the 256 positions of a shard: one counter, or a part of it. Numbers in a typed array; a sum
 * above 2^53-1 lies beside it, and holds `BIG` in the array.
 */
export class ShardSums {
  readonly numbers = new Float64Array(POSITIONS);
  #big: Map<number, bigint> | null = null;

  add(position: number, count: Count): void {
    if (typeof count === "number") {
      // Of two safe integers the float sum is exact up to 2^53-1, and above it never less than 2^53.
      const sum = (this.numbers[position] as number) + count;
      if (sum <= Number.MAX_SAFE_INTEGER) {
        this.numbers[position] = sum;
        return;
      }
    }
    this.set(position, toCount(BigInt(this.at(position)) + BigInt(count)));
  }

  at(position: number): Count {
    const number = this.numbers[position] as number;
    return number === BIG ? (this.#big?.get(position) ?? 0) : number;
  }

  set(position: number, count: Count): void {
    if (typeof count === "number") {
      this.numbers[position] = count;
      return;
    }
    this.numbers[position] = BIG;
    this.#big ??= new Map();
    this.#big.set(position, count);
  }
}
