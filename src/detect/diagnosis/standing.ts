import { STANDING_FULL_SHARE, STANDING_SHARE } from "../../catalog/backlog-advice.ts";
import type { ObservedListener, Standing } from "./window.ts";

/** The queue of a listener at one snapshot, and what was sampled of it since the snapshot before. */
export interface Reading {
  readonly queue: number;
  readonly samples: number;
  readonly samplesFull: number;
}

/** Of a shorter one a few clients at once are three quarters. */
const LENGTH_MIN = 8;
/**
 * So many readings in a row are no chance: a queue that bursts fill for a third of the time is found so four times
 * running once in a hundred times.
 */
const READINGS = 4;
/** Where snapshots are far apart, two of them are enough, of a queue that many of the samples between found full. */
const READINGS_LONG = 2;
const SAMPLES_LONG = 20;

/**
 * The readings at the end of the window that found the queue high; null where the newest did not, or it is too short to
 * tell.
 *
 * Where more comes than is taken, the queue never empties, and yet it is over its limit in a part of the samples only:
 * with each connection that is accepted a place is free until the next SYN and its last ACK have made their way. By a
 * simulation an overload of a tenth by clients 30 ms away is found over its limit by 3 to 25 % of the samples, and at
 * three quarters of it by all.
 *
 * @param limit null where it cannot be seen: then the most that was in the queue stands for it
 */
export function standingOf(
  readings: readonly Reading[],
  limit: number | null,
  peakQueue: number,
): Standing | null {
  const length = limit ?? peakQueue;
  if (length < LENGTH_MIN) return null;
  const last = readings.findLastIndex(({ queue }) => queue < STANDING_SHARE * length);
  const high = readings.slice(last + 1);
  if (high.length === 0) return null;
  return {
    readings: high.length,
    samples: high.reduce((sum, { samples }) => sum + samples, 0),
    samplesFull: high.reduce((sum, { samplesFull }) => sum + samplesFull, 0),
    leastQueue: Math.min(...high.map(({ queue }) => queue)),
  };
}

/** Whether its queue stands: more comes than the application takes. */
export function isStanding({ limit, standing }: Pick<ObservedListener, "limit" | "standing">): boolean {
  if (standing === undefined) return false;
  const { readings, samples, samplesFull } = standing;
  if (readings >= READINGS) return true;
  const isOftenFull = limit === null || samplesFull >= STANDING_FULL_SHARE * samples;
  return readings >= READINGS_LONG && samples >= SAMPLES_LONG && isOftenFull;
}
