import type { Db } from "./client.ts";

/** A minute that was rolled up, as who did it has noted it. */
export interface RolledMark {
  readonly id: bigint;
  /** Start of the minute, ms since 1970. */
  readonly minute: number;
}

/** Notes minutes that are over and were rolled up, in the transaction that did it: they are to be judged. */
export async function noteRolled(tx: Db, shard: number, minutes: readonly number[]): Promise<void> {
  if (minutes.length === 0) return;
  await tx.rolledMinute.createMany({ data: minutes.map((minute) => ({ shard, minute: new Date(minute) })) });
}

/**
 * What was rolled up and not judged since, by minute. Read the minutes in a later statement: what is noted meanwhile
 * is there the next time.
 */
export async function readRolled(db: Db, shard: number): Promise<RolledMark[]> {
  const rows = await db.rolledMinute.findMany({
    where: { shard },
    orderBy: [{ minute: "asc" }, { id: "asc" }],
    select: { id: true, minute: true },
  });
  return rows.map(({ id, minute }) => ({ id, minute: minute.getTime() }));
}

/** Called in the transaction that judged them. */
export async function forgetRolled(tx: Db, shard: number, ids: readonly bigint[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.rolledMinute.deleteMany({ where: { shard, id: { in: [...ids] } } });
}
