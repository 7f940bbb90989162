const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A part of a table: what it takes, and of which time. */
export interface Measured {
  /** ms since 1970 */
  readonly lower: number;
  readonly upper: number;
  readonly bytes: number;
}

/** How many whole partitions, the newest, say what the present rate is. */
const NEWEST_HOURS = 24;
const NEWEST_DAYS = 3;
const NEWEST_WEEKS = 2;
/** Without a whole partition, the parts of this much time in all do: a day's partition is whole a day or two later. */
const MEASURED_MIN_MS = 6 * HOUR_MS;

/**
 * The rate at which a table grows, in bytes a day: what its newest whole partitions take, over their time. One
 * that began before the first host came is not whole, nor is one whose time is not over; while there are no
 * others, those count by the part of their time in which hosts reported, if that is six hours.
 *
 * @param partitions those that have rows, in any order
 * @param since when the first host came; `now`: ms since 1970
 * @returns null when it cannot be told yet
 */
export function growthOf(partitions: readonly Measured[], since: number, now: number): number | null {
  const spans = partitions
    .map((one) => ({ ...one, ms: Math.min(one.upper, now) - Math.max(one.lower, since) }))
    .filter(({ ms }) => ms > 0)
    .sort((a, b) => b.lower - a.lower);
  const whole = spans.filter(({ lower, upper, ms }) => ms === upper - lower);
  const [newest] = whole;
  if (newest !== undefined) return rateOf(whole.slice(0, windowOf(newest.ms)));
  if (spans.length === 0) return now - since >= MEASURED_MIN_MS ? 0 : null;
  return sumOf(spans, ({ ms }) => ms) >= MEASURED_MIN_MS ? rateOf(spans) : null;
}

function windowOf(partitionMs: number): number {
  if (partitionMs <= HOUR_MS) return NEWEST_HOURS;
  return partitionMs <= DAY_MS ? NEWEST_DAYS : NEWEST_WEEKS;
}

function rateOf(spans: readonly { readonly bytes: number; readonly ms: number }[]): number {
  return (sumOf(spans, ({ bytes }) => bytes) / sumOf(spans, ({ ms }) => ms)) * DAY_MS;
}

/**
 * What a table takes when its retention is full, in bytes: at most a partition more than the retention, for a
 * partition goes when its last row may.
 */
export function whenFull(bytesPerDay: number, retentionMs: number, partitionMs: number): number {
  return (bytesPerDay * (retentionMs + partitionMs)) / DAY_MS;
}

/** The sum of what is known; null when one of them is not, for a part is not the whole. */
export function sumKnown(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}

/** Whether what is still to come exceeds what is free; null when either is unknown. */
export function exceeds(
  bytes: number,
  bytesWhenFull: number | null,
  freeBytes: number | null,
): boolean | null {
  if (bytesWhenFull === null || freeBytes === null) return null;
  return bytesWhenFull - bytes > freeBytes;
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** Bytes for a person, in powers of a thousand: `12.3 GB`. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : Number(value.toPrecision(3))} ${UNITS[unit]}`;
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
