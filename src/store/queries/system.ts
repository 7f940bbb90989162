import type { Db } from "../client.ts";

export interface StoreState {
  /** As `SHOW server_version` prints it. */
  readonly version: string;
  readonly sizeBytes: number;
  readonly pendingMarks: number;
  /** Age of the oldest minute that is over and not rolled up, in ms; 0 when there is none. */
  readonly rollupLagMs: number;
}

/** What the database says of itself and of the work before it. */
export async function readStoreState(db: Db, now: number): Promise<StoreState> {
  const [row] = await db.$queryRaw<{ version: string; size: number; marks: number; oldest: number | null }[]>`
    SELECT current_setting('server_version') AS version,
           pg_database_size(current_database())::float8 AS size,
           (SELECT count(*) FROM ts.mark)::float8 AS marks,
           (SELECT date_part('epoch', min(minute)) * 1000 FROM ts.mark) AS oldest`;
  const overAt = (row?.oldest ?? now) + 60_000;
  return {
    version: row?.version ?? "",
    sizeBytes: row?.size ?? 0,
    pendingMarks: row?.marks ?? 0,
    rollupLagMs: Math.max(0, now - overAt),
  };
}
