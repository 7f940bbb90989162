import { MINUTE_MS } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { countSpan, inParts } from "../history/parts.ts";
import { HOUR_MS, type Span, type Whose } from "../history/record.ts";

/** Minutes of a shard without a hole between them, to be read at once: from <= minute < to. */
export interface Run extends Span {
  /** Its hour is compacted: whoever wants a minute of it unpacks all of it. */
  readonly compacted: boolean;
}

/** Minutes of one run that are not compacted: what is found of each is held until the run is over. */
const MINUTES_PER_READ = 10;
/** Snapshots held at once, some 5 KB each: ten minutes of a whole shard of hosts that are read each 10 s. */
const SNAPSHOTS_PER_READ = 16_000;

/**
 * Puts minutes into runs: those that lie side by side, and of a compacted hour all from the first to the last.
 * What lies between two of them is rolled up anew with them, which changes nothing: unpacking the hour for each
 * minute would cost far more.
 *
 * @param compacted starts of the hours that are compacted
 */
export function runsOf(minutes: Iterable<number>, compacted: ReadonlySet<number>): Run[] {
  const runs: Run[] = [];
  for (const minute of [...minutes].sort((a, b) => a - b)) {
    const isCompacted = compacted.has(hourOf(minute));
    const last = runs.at(-1);
    const joins =
      last !== undefined &&
      (isCompacted
        ? hourOf(last.from) === hourOf(minute)
        : !last.compacted && last.to === minute && minute - last.from < MINUTES_PER_READ * MINUTE_MS);
    if (joins) runs[runs.length - 1] = { ...last, to: minute + MINUTE_MS };
    else runs.push({ from: minute, to: minute + MINUTE_MS, compacted: isCompacted });
  }
  return runs;
}

export function minutesIn({ from, to }: Span): number[] {
  return Array.from({ length: (to - from) / MINUTE_MS }, (_, index) => from + index * MINUTE_MS);
}

/**
 * Whose snapshots of a run are read at once, so that no more are held than a process has room for, however often hosts
 * are read; those of a single minute are not counted first. A namespace whose first snapshot comes meanwhile is in no
 * part, and has left its mark.
 *
 * @param except namespaces that are left out
 */
export async function partsOf(
  db: Db,
  shard: number,
  run: Run,
  except: readonly number[],
  most = SNAPSHOTS_PER_READ,
): Promise<Whose[]> {
  const whole = { shard, except };
  if (!run.compacted && run.to - run.from === MINUTE_MS) return [whole];
  const parts = inParts(await countSpan(db, whole, run), most);
  return parts.length === 1 ? [whole] : parts.map((namespaceIds) => ({ namespaceIds }));
}

/** Those of the hours that minutes lie in that are compacted. */
export async function compactedHours(db: Db, minutes: Iterable<number>): Promise<ReadonlySet<number>> {
  const hours = [...new Set([...minutes].map(hourOf))];
  if (hours.length === 0) return new Set();
  const rows = await db.$queryRaw<{ hour: number }[]>`
    SELECT date_part('epoch', hour) * 1000 AS hour FROM ts.compacted_hour
    WHERE hour = ANY(${hours.map((hour) => new Date(hour).toISOString())}::text[]::timestamptz[])
      AND compacted_at IS NOT NULL`;
  return new Set(rows.map(({ hour }) => Math.round(hour)));
}

function hourOf(minute: number): number {
  return Math.floor(minute / HOUR_MS) * HOUR_MS;
}
