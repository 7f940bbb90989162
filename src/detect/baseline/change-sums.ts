import { type Evaluation, NEW_NORMAL } from "./evaluation.ts";

const ALARM_NATS = 14;
/** One evaluation gives no more, so that a spike of a minute or two is no lasting change. */
const NATS_MAX = 7;
/** Of fewer events than this in an evaluation no fall is told. */
const EXPECTED_MIN = 1;

const ALARM_UP = 1;
const ALARM_DOWN = 2;

/**
 * The cumulative sums (CUSUM) that find lasting changes of many series: a trickle too thin for a single minute to
 * be unusual, a load that doubled. 17 bytes a series.
 */
export class ChangeSums {
  readonly up: Float32Array;
  readonly down: Float32Array;
  /** The last minute at which the sum was 0: when the change began, once there is one. */
  readonly upSince: Uint32Array;
  readonly downSince: Uint32Array;
  readonly alarms: Uint8Array;

  constructor(size: number) {
    this.up = new Float32Array(size);
    this.down = new Float32Array(size);
    this.upSince = new Uint32Array(size);
    this.downSince = new Uint32Array(size);
    this.alarms = new Uint8Array(size);
  }

  /**
   * Adds what an evaluation says for a doubling and for a halving of what is expected, in nats; less where counts
   * are over-dispersed or follow their neighbours.
   *
   * @param inflation by how much the sum of neighbouring evaluations varies more than if each were for itself
   * @returns true when a change has lasted so long that it is the new normal
   */
  add(index: number, evaluation: Evaluation, inflation: number): boolean {
    const { count, expected, dispersion } = evaluation;
    const scale = (1 + dispersion * expected) * Math.max(1, inflation);
    const rises = (count * Math.LN2 - expected) / scale;
    // Where hardly anything is expected, nothing can go missing.
    const falls = expected < EXPECTED_MIN ? -NATS_MAX : (expected / 2 - count * Math.LN2) / scale;
    return this.addNats(index, evaluation, rises, falls);
  }

  /** The same with the nats for a rise and for a fall themselves. */
  addNats(index: number, evaluation: Evaluation, rises: number, falls: number): boolean {
    const upLasts = this.#side(index, this.up, this.upSince, clip(rises), 1, evaluation);
    return this.#side(index, this.down, this.downSince, clip(falls), -1, evaluation) || upLasts;
  }

  restart(index: number, minute: number): void {
    this.up[index] = 0;
    this.down[index] = 0;
    this.upSince[index] = minute;
    this.downSince[index] = minute;
    this.alarms[index] = 0;
  }

  #side(
    index: number,
    sums: Float32Array,
    sinces: Uint32Array,
    gain: number,
    direction: -1 | 1,
    evaluation: Evaluation,
  ): boolean {
    const bit = direction === 1 ? ALARM_UP : ALARM_DOWN;
    const alarms = this.alarms[index] as number;
    // No more than twice the bound, or it would take hours to come down from a large change.
    const sum = Math.max(0, Math.min((sums[index] as number) + gain, 2 * ALARM_NATS));
    sums[index] = sum;
    if (sum === 0) {
      sinces[index] = evaluation.minute;
      this.alarms[index] = alarms & ~bit;
      return false;
    }
    if ((alarms & bit) !== 0) return evaluation.minute - (sinces[index] as number) >= NEW_NORMAL;
    if (sum > ALARM_NATS) {
      this.alarms[index] = alarms | bit;
      evaluation.changed = direction;
      // Of a series that was never calm nobody knows when it began: not before it was seen to.
      evaluation.since = sinces[index] === 0 ? evaluation.minute : (sinces[index] as number);
    }
    return false;
  }
}

/** A single update of an inflation is no larger: the change itself is not to be taken for noise. */
const INFLATION_MAX = 100;

/**
 * What the moving average of standard residuals says of their inflation: near 1 where each is for itself, and as
 * many times more as slow noise lifts and lowers all of them together. The correlation of direct neighbours would
 * miss it where fast noise lies over the slow.
 *
 * @param rate of the moving average
 */
export function inflationOf(average: number, rate: number): number {
  return Math.min(INFLATION_MAX, (average * average * (2 - rate)) / rate);
}

function clip(nats: number): number {
  return Math.max(-NATS_MAX, Math.min(NATS_MAX, nats));
}
