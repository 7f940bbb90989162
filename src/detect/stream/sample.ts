/** What the detectors say of one row. */
export interface RowVerdict {
  /** How far out it is, in standard deviations; 0 while too little is known. */
  readonly score: number;
  readonly flag: boolean;
}

/** One row's share of the work: what it covers, and what it says. */
export interface Sample {
  /** ms since 1970, and what the value covers. */
  readonly at: number;
  readonly minutes: number;
  readonly value: number;
}

/** A judge of one series; each keeps state of a fixed size. */
export interface SampleJudge {
  next(sample: Sample): RowVerdict;
  /** What comes next does not follow from what was: a gap, or a counter that began anew. */
  interrupt(at: number): void;
}
