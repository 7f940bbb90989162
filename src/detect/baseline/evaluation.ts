/** What is known of a series before anything was learned. */
export interface Expecting {
  /** It is 0 on a healthy host: judged from the start, and never learned upwards at once. */
  readonly fromZero: boolean;
  /** It stands still, or nearly, on most: judged after an hour where it does. */
  readonly isEvent: boolean;
}

/** One count of one series: what is judged, and what a bank says of it. Made once and filled again. */
export class Evaluation implements Expecting {
  count = 0;
  /** What the level is measured by: minutes, or thousands of another counter. */
  exposure = 1;
  /** When, minutes since 1970, and the bucket of the week that this lies in. */
  minute = 0;
  bucket = 0;
  /** How long it took, in minutes: what it weighs in learning. */
  minutes = 1;
  fromZero = false;
  isEvent = false;

  /** The count expected in this exposure. */
  expected = 0;
  dispersion = 0;
  z = 0;
  /** Enough was learned to judge by: of this series, and of this hour. */
  mature = false;
  /** Evaluations running, this one included, that were out to the same side. */
  hot = 0;
  /** 1 or -1 at the evaluation at which a lasting change up or down became plain, 0 otherwise. */
  changed: -1 | 0 | 1 = 0;
  /** When that change began, minutes since 1970. */
  since = 0;
  /** What has been for 6 h was taken for normal at this evaluation. */
  newNormal = false;
}

/** Residual from which an evaluation is out: it moves no level. */
export const OUT_Z = 5;
/** What was out for so long is the new normal, minutes. */
export const NEW_NORMAL = 360;
