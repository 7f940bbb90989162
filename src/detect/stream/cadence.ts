/** A time between rows that is so much longer than usual is a gap. */
const GAP_FACTOR = 2.5;
/** So many gaps of one length running are another interval. */
const GAPS_MAX = 3;
const FOLLOW = 0.1;

/** How a row follows the one before it. */
export interface Spacing {
  readonly elapsedMs: number;
  /** The time is so much longer than usual that the value says nothing of a rate. */
  readonly isGap: boolean;
}

/** Learns from the rows alone how far apart they usually are, and tells where some are missing. */
export class Cadence {
  #last: number | null = null;
  #everyMs: number | null = null;
  #gaps = 0;

  /** Null for the first row. */
  next(at: number): Spacing | null {
    const last = this.#last;
    this.#last = at;
    if (last === null) return null;
    const elapsedMs = at - last;
    const everyMs = this.#everyMs ?? elapsedMs;
    if (elapsedMs <= GAP_FACTOR * everyMs) {
      this.#gaps = 0;
      this.#everyMs = everyMs + (elapsedMs - everyMs) * FOLLOW;
      return { elapsedMs, isGap: false };
    }
    this.#gaps++;
    if (this.#gaps >= GAPS_MAX) {
      this.#gaps = 0;
      this.#everyMs = elapsedMs;
    }
    return { elapsedMs, isGap: true };
  }
}
