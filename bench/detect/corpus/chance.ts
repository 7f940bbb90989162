import { randomOf } from "../../../src/demo/random.ts";

/** Draws that the seed alone decides. */
export class Chance {
  readonly next: () => number;
  #spare: number | null = null;

  constructor(seed: string) {
    this.next = randomOf(seed);
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.next();
  }

  /** As likely between 1 and 10 as between 10 and 100. */
  logBetween(least: number, most: number): number {
    return least * (most / least) ** this.next();
  }

  /** Both ends may come. */
  whole(least: number, most: number): number {
    return least + Math.floor((most - least + 1) * this.next());
  }

  pick<T>(all: readonly T[]): T {
    return all[Math.floor(all.length * this.next())] as T;
  }

  /** Box and Muller's two at a time. */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Of mean 1, by Wilson and Hilferty's cube: close enough for shapes from 3 up. */
  gamma(shape: number): number {
    return Math.max(0, 1 - 1 / (9 * shape) + this.normal() / (3 * Math.sqrt(shape))) ** 3;
  }

  poisson(mean: number): number {
    if (mean <= 0) return 0;
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    const bound = Math.exp(-mean);
    let count = 0;
    for (let product = this.next(); product > bound; product *= this.next()) count++;
    return count;
  }
}
