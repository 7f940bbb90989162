import type { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";

const ONLY = 1;

/** How far peers were compared, and what came of it. */
export interface PeersMark {
  /** Windows that end by then are judged, ms since 1970. */
  readonly judgedTo: number;
  /** As they were written. */
  readonly lasting: unknown;
  readonly known: unknown;
}

/**
 * The mark, the caller's alone until its transaction ends.
 *
 * @param begin up to when nothing is to be judged where there is none yet
 */
export async function lockPeers(tx: Db, begin: number): Promise<PeersMark> {
  // There is always a row to lock.
  await tx.$executeRaw`
    INSERT INTO detect_peers (id, judged_to, lasting, known)
    VALUES (${ONLY}::int, to_timestamp(${begin / 1000}::float8), '[]', '{}') ON CONFLICT DO NOTHING`;
  const rows = await tx.$queryRaw<{ judgedTo: Date; lasting: unknown; known: unknown }[]>`
    SELECT judged_to AS "judgedTo", lasting, known FROM detect_peers WHERE id = ${ONLY}::int FOR UPDATE`;
  return rows.map((row) => ({ ...row, judgedTo: row.judgedTo.getTime() }))[0] as PeersMark;
}

/** Called with the mark locked. */
export async function writePeers(tx: Db, { judgedTo, lasting, known }: PeersMark): Promise<void> {
  const data = {
    judgedTo: new Date(judgedTo),
    lasting: lasting as Prisma.InputJsonValue,
    known: known as Prisma.InputJsonValue,
  };
  await tx.detectPeers.update({ where: { id: ONLY }, data });
}

/** Shards with minutes in a span that were rolled up. @param from ms since 1970 */
export async function shardsSince(db: Db, from: number): Promise<number[]> {
  const rows = await db.$queryRaw<{ shard: number }[]>`
    SELECT shard FROM ts.shard WHERE settled > to_timestamp(${from / 1000}::float8) ORDER BY shard`;
  return rows.map(({ shard }) => shard);
}
