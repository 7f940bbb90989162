import { MINUTE_MS } from "../../rates/minute.ts";
import { type Db, inTransaction } from "../client.ts";
import { UnreadableError } from "../history/unreadable.ts";
import type { RollupDeps } from "./roll-up-shard.ts";
import { ALL_NAMESPACES, RETRY_MS } from "./set-aside.ts";
import { lockShard } from "./shards.ts";
import { readSuccessors } from "./successor-minutes.ts";
import { sumRun } from "./sum-minute.ts";

/** Looked at by one run, each of which may unpack an hour or two. */
const ROWS_PER_RUN = 16;

interface Row {
  readonly namespaceId: number;
  readonly hour: number;
  readonly first: number;
  readonly last: number;
}

/** `busy` when another worker holds the shard; else how many can be read again, of how many. */
export type RetryOutcome =
  | { readonly kind: "busy" }
  | { readonly kind: "done"; readonly healed: number; readonly tried: number };

/**
 * Looks again at what is set aside of a shard. What can be read by now gets marks for its minutes, and is rolled up
 * as if it had just arrived; the rest waits for another while. Safe to run twice, at once, or to die half-way.
 *
 * @param now ms since 1970
 */
export function retryAside(deps: RollupDeps, shard: number, now: number): Promise<RetryOutcome> {
  return inTransaction(deps.db, async (tx): Promise<RetryOutcome> => {
    if (!(await lockShard(tx, shard))) return { kind: "busy" };
    const rows = await tx.$queryRaw<Row[]>`
      SELECT namespace_id AS "namespaceId", date_part('epoch', hour) * 1000 AS hour,
             date_part('epoch', first_minute) * 1000 AS first, date_part('epoch', last_minute) * 1000 AS last
      FROM ts.set_aside
      WHERE shard = ${shard} AND namespace_id <> ${ALL_NAMESPACES} AND retry_at <= to_timestamp(${now / 1000}::float8)
      ORDER BY retry_at, namespace_id, hour LIMIT ${ROWS_PER_RUN}`;
    let healed = 0;
    for (const row of rows) {
      const isReadable = await canBeRead(deps, tx, row, now);
      if (isReadable) healed++;
      await (isReadable ? mark(tx, shard, row) : postpone(tx, shard, row, now));
    }
    return { kind: "done", healed, tried: rows.length };
  });
}

/** Whether everything that these minutes rest on can be read, and what rests on them. */
async function canBeRead({ reader }: RollupDeps, tx: Db, row: Row, now: number): Promise<boolean> {
  const run = { from: row.first, to: row.last + MINUTE_MS, compacted: false };
  try {
    const rolled = await sumRun(reader, tx, [{ namespaceIds: [row.namespaceId] }], run);
    await readSuccessors(tx, rolled, now);
    return true;
  } catch (error) {
    if (error instanceof UnreadableError) return false;
    throw error;
  }
}

async function mark(tx: Db, shard: number, { namespaceId, hour, first, last }: Row): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO ts.mark (shard, minute, namespaces)
    SELECT ${shard}, minute, ARRAY[${namespaceId}::int]
    FROM generate_series(to_timestamp(${first / 1000}::float8), to_timestamp(${last / 1000}::float8), interval '1 minute') AS minute`;
  await tx.$executeRaw`
    DELETE FROM ts.set_aside
    WHERE shard = ${shard} AND namespace_id = ${namespaceId} AND hour = to_timestamp(${hour / 1000}::float8)`;
}

async function postpone(tx: Db, shard: number, { namespaceId, hour }: Row, now: number): Promise<void> {
  await tx.$executeRaw`
    UPDATE ts.set_aside SET retry_at = to_timestamp(${(now + RETRY_MS) / 1000}::float8)
    WHERE shard = ${shard} AND namespace_id = ${namespaceId} AND hour = to_timestamp(${hour / 1000}::float8)`;
}
