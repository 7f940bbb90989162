import { expectedRange } from "./residual.ts";

/** The detectors, as anomalies name them. */
export type Detector =
  | "burst"
  | "seasonal"
  | "changepoint"
  | "leak"
  | "peers"
  | "silence"
  | "invariant"
  | "syn_flood"
  | "slo_burn"
  | "retransmits";

/**
 * One finding of one detector on one series: the numbers that it judged by, and the same in words.
 *
 * A flag is evidence. Whether anybody is told, and how loudly, is decided from the diagnosis and the share of
 * handshakes that were lost.
 */
export interface Flag {
  readonly detector: Detector;
  /** A name of series.ts, or what the detector judges instead of one: `presence`, `handshakes`. */
  readonly series: string;
  /** The time that was judged, ms since 1970. */
  readonly from: number;
  readonly to: number;
  readonly observed: number;
  readonly expected: number;
  /** Between these the observed value would have been usual. */
  readonly low: number;
  readonly high: number;
  /** How far out it was, in standard deviations; negative below what was expected. */
  readonly z: number;
  /** Share of handshakes lost or delayed in that time, 0 to 1; null where the detector does not judge by it. */
  readonly share: number | null;
  /** A sentence made of these numbers. */
  readonly text: string;
}

/** A flag on a count: what is usual follows from what was expected. */
export function countFlag(
  flag: Omit<Flag, "low" | "high" | "share"> & { readonly share?: number | null },
  dispersion: number,
): Flag {
  return { share: null, ...flag, ...expectedRange(flag.expected, dispersion) };
}
