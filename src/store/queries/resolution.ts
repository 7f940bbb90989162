import type { Db } from "../client.ts";
import type { Range } from "./range.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** A part of a range that is read from the rows of minutes or of hours; of whole ones. */
export interface Segment extends Range {
  readonly of: "minutes" | "hours";
}

export interface ResolutionQuery {
  /** Whole minutes. */
  readonly range: Range;
  /** False when hours would be too coarse for the answer, whose steps cut them. */
  readonly hours: boolean;
  /** ms since 1970 */
  readonly now: number;
  /** Moments at which a namespace goes over from one group to another: an hour cannot tell what lay before. */
  readonly cuts?: Iterable<number>;
}

/**
 * Which parts of a range to read from hours and which from minutes, in the order of time.
 *
 * An hour's rows are the sum of its minutes' unless a mark says that a minute has been written since. So the marks
 * are read here, before any row: an hour that has none is at least as new as this moment. A marked hour, one that
 * is not over, and one that is cut are read from their minutes, as is what the range has of the hours at its ends.
 *
 * Minutes are dropped long before hours. Of an hour without its minutes the whole is taken, whatever cuts it: a change,
 * or either end of the range, also of one that is shorter than an hour.
 */
export async function planSegments(db: Db, query: ResolutionQuery): Promise<Segment[]> {
  const { range, now } = query;
  const firstHour = floorTo(range.from, HOUR_MS);
  // Those after it are not over.
  const hoursEnd = floorTo(now, HOUR_MS);
  if (!query.hours || firstHour >= hoursEnd) return [{ of: "minutes", ...range }];

  const inMinutes = new Set<number>();
  for (const row of await readMarkedHours(db, range)) inMinutes.add(row);
  for (const cut of [range.from, range.to, ...(query.cuts ?? [])]) {
    if (cut % HOUR_MS !== 0) inMinutes.add(floorTo(cut, HOUR_MS));
  }
  if ([...inMinutes].some((hour) => hour < hoursEnd)) {
    const kept = await oldestMinute(db);
    for (const hour of inMinutes) if (kept !== null && hour + HOUR_MS <= kept) inMinutes.delete(hour);
  }

  const segments: Segment[] = [];
  for (let hour = firstHour; hour < range.to; hour += HOUR_MS) {
    if (hour < hoursEnd && !inMinutes.has(hour)) append(segments, "hours", hour, hour + HOUR_MS);
    else append(segments, "minutes", Math.max(hour, range.from), Math.min(hour + HOUR_MS, range.to));
  }
  return segments;
}

/** What of the segments lies in a range. */
export function clipSegments(segments: readonly Segment[], { from, to }: Range): Segment[] {
  const clipped: Segment[] = [];
  for (const segment of segments) {
    const [start, end] = [Math.max(segment.from, from), Math.min(segment.to, to)];
    if (start < end) clipped.push({ of: segment.of, from: start, to: end });
  }
  return clipped;
}

function append(segments: Segment[], of: Segment["of"], from: number, to: number): void {
  const last = segments.at(-1);
  if (last?.of === of) segments[segments.length - 1] = { of, from: last.from, to };
  else segments.push({ of, from, to });
}

function floorTo(at: number, unitMs: number): number {
  return Math.floor(at / unitMs) * unitMs;
}

async function readMarkedHours(db: Db, { from, to }: Range): Promise<number[]> {
  const rows = await db.$queryRaw<{ hour: number }[]>`
    SELECT DISTINCT date_part('epoch', hour) * 1000 AS hour FROM ts.hour_mark
    WHERE hour > to_timestamp(${(from - HOUR_MS) / 1000}::float8) AND hour < to_timestamp(${to / 1000}::float8)`;
  return rows.map(({ hour }) => Math.round(hour));
}

/** Whether there are hours of a range of which the minutes are gone. */
export async function minutesGone(db: Db, { from, to }: Range): Promise<boolean> {
  const [row] = await db.$queryRaw<{ gone: boolean }[]>`
    SELECT EXISTS (
      SELECT FROM ts.coverage_hour WHERE bucket >= to_timestamp(${floorTo(from, HOUR_MS) / 1000}::float8)
        AND bucket < least(to_timestamp(${to / 1000}::float8),
                           date_trunc('hour', (SELECT min(bucket) FROM ts.coverage)))
    ) AS gone`;
  return row?.gone === true;
}

/** The oldest minute that is kept; null when there is none at all. */
async function oldestMinute(db: Db): Promise<number | null> {
  const [row] = await db.$queryRaw<{ oldest: number | null }[]>`
    SELECT date_part('epoch', min(bucket)) * 1000 AS oldest FROM ts.coverage`;
  return row?.oldest == null ? null : Math.round(row.oldest);
}
