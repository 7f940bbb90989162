/** Hours of a weekday and of a day of the weekend: what a week is made of. */
export const BUCKETS = 48;

const MINUTES_PER_DAY = 1_440;
/** By how many minutes the clocks of those whose days these are are ahead of UTC, at each position of a shard. */
export type OffsetAt = (position: number) => number;

/** Where nothing else is said, hours are those of UTC. */
export const UTC: OffsetAt = () => 0;

/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 4;

/**
 * The bucket of the week that a minute lies in.
 *
 * @param minute minutes since 1970
 * @param offsetMinutes of the zone that the people live in whose days these are
 */
export function bucketOf(minute: number, offsetMinutes = 0): number {
  const local = minute + offsetMinutes;
  const day = Math.floor(local / MINUTES_PER_DAY);
  const hour = Math.floor((local - day * MINUTES_PER_DAY) / 60);
  const weekday = (day + EPOCH_WEEKDAY) % 7;
  return weekday === 0 || weekday === 6 ? 24 + hour : hour;
}

/** The bucket that says most of one that was never visited: the hour before, of the same kind of day. */
export function bucketBefore(bucket: number): number {
  return bucket % 24 === 0 ? bucket + 23 : bucket - 1;
}

/** The same hour of the other kind of day. */
export function otherDay(bucket: number): number {
  return (bucket + 24) % BUCKETS;
}
