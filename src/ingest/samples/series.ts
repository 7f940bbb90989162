/** A sample as it was sent; times in ms since 1970. */
export interface SentSample {
  readonly at: number;
  /** A bigint where the sender has whole numbers beyond those of floating point. */
  readonly value: number | bigint;
  /** A marker that the series has ended, and no value. */
  readonly stale: boolean;
  /** When the counter began at 0; null where the sender does not say. */
  readonly startedAt: number | null;
}

export interface SampleSeries {
  /** The metric's name, which is the label `__name__`; empty where there is none. */
  readonly metric: string;
  /** All others. Series of one map have one host. */
  readonly labels: ReadonlyMap<string, string>;
  readonly samples: readonly SentSample[];
  /** Histograms and whatever else is none of ours. */
  readonly others: number;
}
