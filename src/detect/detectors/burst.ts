import type { LossShare } from "../../rates/loss.ts";
import { countFlag, type Flag } from "../flag.ts";
import { residual } from "../residual.ts";
import type { Series } from "../series.ts";
import { percent, plain, span } from "../words.ts";

/** What a series does when nothing is wrong. */
export interface Expectation {
  /** Events in a minute. */
  readonly perMinute: number;
  /** Of the negative binomial that its counts follow. */
  readonly dispersion: number;
}

export interface BurstInput {
  readonly series: Series;
  /** ms since 1970; the time the count was taken in. */
  readonly from: number;
  readonly to: number;
  /** Increase over rated intervals, and the ms that these took. */
  readonly count: number;
  readonly ratedMs: number;
  readonly expectation: Expectation;
  /** Share of handshakes lost in that time; null where none was attempted. */
  readonly loss: LossShare | null;
}

/** So often at least a counter that never moved is taken to move: once in 50 minutes. */
export const PER_MINUTE_MIN = 0.02;
const Z_MIN = 6;
/** Fewer are a blip: hosts that drop one to three packets a few times a day are healthy. */
const COUNT_MIN = 5;
/** Of the counters that lose handshakes: a burst that clients cannot feel is none, unless it is this large. */
const SHARE_MIN = 0.001;
const LARGE = 100;

/**
 * The zero-baseline burst: a counter that stands still on a healthy host has moved. Judged on one interval, so
 * that the first burst of a host that was quiet for a month is seen within 10 s. Detectors that learn a band from
 * history are blind to it: a history of zeros has no width.
 */
export function judgeBurst(input: BurstInput): Flag | null {
  const { series, from, to, count, ratedMs, loss } = input;
  if (count < COUNT_MIN || ratedMs <= 0) return null;
  const { perMinute, dispersion } = input.expectation;
  const expected = Math.max(perMinute, PER_MINUTE_MIN) * (ratedMs / 60_000);
  const z = residual(count, expected, dispersion);
  if (z < Z_MIN) return null;
  const share = series.losesHandshakes === true ? (loss?.share ?? null) : null;
  if (series.losesHandshakes === true && count < LARGE && (share ?? 0) < SHARE_MIN) return null;
  const lost = share === null ? "" : `; about ${percent(share)} of new connections were lost or delayed`;
  const text = `${plain(count)} ${series.words} in ${span(ratedMs)}, where ${plain(expected)} are usual${lost}.`;
  return countFlag(
    { detector: "burst", series: series.name, from, to, observed: count, expected, z, share, text },
    dispersion,
  );
}
