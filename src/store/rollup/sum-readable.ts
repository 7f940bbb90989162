import { MINUTE_MS } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import type { SnapshotReader } from "../history/snapshot-reader.ts";
import { withoutUnreadable } from "../history/unreadable.ts";
import { minutesIn, partsOf, type Run } from "./runs.ts";
import type { SetAside } from "./set-aside.ts";
import { addStored } from "./stored-minute.ts";
import { type RolledRun, sumRun } from "./sum-minute.ts";

/** A run of which everything that can be read is summed up. */
export interface ReadableRun extends RolledRun {
  readonly aside: readonly SetAside[];
}

/**
 * All of the minutes of a run, which are over. A namespace of which something cannot be read keeps what is stored
 * of it, whatever that says, and is set aside; all others are as ever.
 *
 * A run of several minutes is then done minute by minute, so that one damaged snapshot costs no more than its own
 * minute and the next; of a compacted hour nothing can be read by itself.
 */
export async function sumReadable(
  reader: SnapshotReader,
  db: Db,
  shard: number,
  run: Run,
): Promise<ReadableRun[]> {
  const whole = await withoutUnreadable(async (without): Promise<ReadableRun | null> => {
    if (without.size > 0 && !run.compacted && run.to - run.from > MINUTE_MS) return null;
    const unread = [...without.keys()];
    const rolled = await sumRun(reader, db, await partsOf(db, shard, run, unread), run);
    if (unread.length === 0) return { ...rolled, aside: [] };
    const sums = new Map(
      rolled.minutes.map(({ minute, sum, closed }) => [
        minute,
        closed === null ? { sum } : { sum, gauges: closed.gauges },
      ]),
    );
    await addStored(db, shard, run, unread, sums);
    return {
      ...rolled,
      minutes: rolled.minutes.map((one) => ({ ...one, closed: one.closed && { ...one.closed, unread } })),
      aside: [...without.values()].map((unreadable) => ({
        unreadable,
        first: run.from,
        last: run.to - MINUTE_MS,
      })),
    };
  });
  if (whole !== null) return [whole];
  const each: ReadableRun[] = [];
  for (const from of minutesIn(run)) {
    each.push(...(await sumReadable(reader, db, shard, { ...run, from, to: from + MINUTE_MS })));
  }
  return each;
}
