import { type Count, toCount } from "../../protocol/count.ts";

const HALF = 2 ** 52;

/**
 * Sums of counts by index, exact: a float holds each while it is below 2^52, and what is above goes over into a
 * bigint, so that adding one costs no more than an addition.
 */
export class ExactSums {
  readonly #low: Float64Array;
  #high: Map<number, bigint> | null = null;

  constructor(length: number) {
    this.#low = new Float64Array(length);
  }

  add(index: number, count: Count): void {
    if (typeof count === "number" && count < HALF) {
      const sum = (this.#low[index] as number) + count;
      if (sum < HALF) this.#low[index] = sum;
      else {
        this.#low[index] = 0;
        this.#raise(index, BigInt(sum));
      }
    } else this.#raise(index, BigInt(count));
  }

  at(index: number): Count {
    const low = this.#low[index] as number;
    const high = this.#high?.get(index);
    return high === undefined ? low : toCount(high + BigInt(low));
  }

  clear(): void {
    this.#low.fill(0);
    this.#high = null;
  }

  #raise(index: number, by: bigint): void {
    this.#high ??= new Map();
    this.#high.set(index, (this.#high.get(index) ?? 0n) + by);
  }
}
