import { type Count, subtractCounts } from "../../protocol/count.ts";
import { Cadence } from "./cadence.ts";
import { CountJudge } from "./count-judge.ts";
import type { Kind } from "./csv.ts";
import { GaugeJudge } from "./gauge-judge.ts";
import type { RowVerdict, SampleJudge } from "./sample.ts";

const UNKNOWN: RowVerdict = { score: 0, flag: false };
/** Rows that are not judged after a gap or a reset. */
const SKIPS = 2;
const MINUTE_MS = 60_000;

/**
 * The generic detectors over a series of rows, one after another: each is judged by those before it alone, in
 * memory of a fixed size. The same rows give the same verdicts.
 */
export class RowJudge {
  readonly #kind: Kind;
  readonly #judge: SampleJudge;
  readonly #cadence = new Cadence();
  #total: Count | null = null;
  #skips = 0;

  constructor(kind: Kind) {
    this.#kind = kind;
    this.#judge = kind === "gauge" ? new GaugeJudge() : new CountJudge();
  }

  next(at: number, value: Count): RowVerdict {
    const spacing = this.#cadence.next(at);
    const grown = this.#kind === "counter" ? this.#growth(value) : Number(value);
    if (spacing === null) return UNKNOWN;
    if (grown === null || spacing.isGap) {
      this.#skips = SKIPS;
      this.#judge.interrupt(at);
    }
    // The row at which it is noticed is the first of those that are left out.
    if (grown === null || this.#skips > 0) {
      this.#skips--;
      return UNKNOWN;
    }
    return this.#judge.next({ at, minutes: spacing.elapsedMs / MINUTE_MS, value: grown });
  }

  /** Null where a running total fell: it began anew, and what it grew by before that is unknown. */
  #growth(total: Count): number | null {
    const before = this.#total;
    this.#total = total;
    if (before === null || total < before) return null;
    // A total with a fraction is no exact count, and is subtracted as it is.
    if (Number.isInteger(Number(total)) && Number.isInteger(Number(before))) {
      return Number(subtractCounts(total, before));
    }
    return Number(total) - Number(before);
  }
}
