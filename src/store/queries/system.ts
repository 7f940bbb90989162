import { MINUTE_MS, minuteOf } from "../../rates/minute.ts";
import type { Db } from "../client.ts";

export interface StoreState {
  /** As `SHOW server_version` prints it. */
  readonly version: string;
  readonly sizeBytes: number;
  readonly pendingMarks: number;
  /** Age of the oldest minute that is over and not rolled up, in ms; 0 when there is none. */
  readonly rollupLagMs: number;
  /**
   * How long the shard that is furthest behind has not been settled up to the minute that is not over, in ms; 0
   * when none is behind. Late data for old minutes does not raise it.
   */
  readonly settledLagMs: number;
}

interface Row {
  readonly version: string;
  readonly size: number;
  readonly marks: number;
  readonly oldest: number | null;
  readonly settled: number | null;
}

/** What the database says of itself and of the work before it. */
export async function readStoreState(db: Db, now: number): Promise<StoreState> {
  const openFrom = minuteOf(now);
  const [row] = await db.$queryRaw<Row[]>`
    SELECT current_setting('server_version') AS version,
           pg_database_size(current_database())::float8 AS size,
           (SELECT count(*) FROM ts.mark)::float8 AS marks,
           (SELECT date_part('epoch', min(minute)) * 1000 FROM ts.mark) AS oldest,
           (SELECT date_part('epoch', min(coalesce(s.settled, m.minute))) * 1000
            FROM (SELECT shard, min(minute) AS minute FROM ts.mark
                  WHERE minute < to_timestamp(${openFrom / 1000}::float8) GROUP BY shard) m
            LEFT JOIN ts.shard s USING (shard)) AS settled`;
  const overAt = (row?.oldest ?? now) + 60_000;
  return {
    version: row?.version ?? "",
    sizeBytes: row?.size ?? 0,
    pendingMarks: row?.marks ?? 0,
    rollupLagMs: Math.max(0, now - overAt),
    // A shard is behind from when a minute is over: settled at 12:01 it is on time until 12:02.
    settledLagMs: Math.max(0, now - MINUTE_MS - (row?.settled ?? now)),
  };
}
