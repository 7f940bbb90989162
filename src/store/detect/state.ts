import type { Prisma } from "../../generated/prisma/client.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import type { Db } from "../client.ts";

/** First key of the advisory locks of who judges; the second is the shard. */
const LOCK_CLASS = 0x5350_0004;

/** What is remembered of a shard, but for its baselines. */
export interface JudgedMark {
  /** Minutes before this are judged for good, ms since 1970. */
  readonly judgedTo: number;
  /** As it was written. */
  readonly lasting: unknown;
  /** Ids of namespaces that are judged though nothing is unusual there. */
  readonly watched: readonly number[];
  /** As it was written: by host id, for how long its segments stand still. */
  readonly still: unknown;
  /** Ids of namespaces whose objective burns. */
  readonly burning: readonly number[];
  /** Of what was kept last; 0 before anything was. */
  readonly revision: number;
}

/** Takes the shard for the transaction; false when another worker judges it. */
export async function lockJudging(tx: Db, shard: number): Promise<boolean> {
  const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(${LOCK_CLASS}::int, ${shard}::int) AS taken`;
  return lock?.taken === true;
}

/** Null for a shard that was never judged. */
export async function readJudged(db: Db, shard: number): Promise<JudgedMark | null> {
  const select = {
    judgedTo: true,
    lasting: true,
    watched: true,
    still: true,
    burning: true,
    revision: true,
  } as const;
  const row = await db.detectState.findUnique({ where: { shard }, select });
  return row === null ? null : { ...row, judgedTo: row.judgedTo.getTime() };
}

/** What shards say of hosts whose segments stand still, as it was written, by host id. */
export async function readStill(db: Db): Promise<Map<number, unknown>> {
  const rows = await db.$queryRaw<{ hostId: number; still: unknown }[]>`
    SELECT key::int AS "hostId", value AS still FROM detect_state, jsonb_each(still)`;
  return new Map(rows.map(({ hostId, still }) => [hostId, still]));
}

/** The baselines as they were written; null before they were. They are large: ask for them when they are needed. */
export async function readBaselines(db: Db, shard: number): Promise<Uint8Array | null> {
  const row = await db.detectState.findUnique({ where: { shard }, select: { baselines: true } });
  return row?.baselines ?? null;
}

/**
 * Keeps what was judged, in the transaction that also keeps what came of it.
 *
 * @param baselines null where they are as they were
 * @returns the revision that it has now
 */
export async function writeJudged(
  tx: Db,
  shard: number,
  { judgedTo, lasting, watched, still, burning, revision }: JudgedMark,
  baselines: Buffer | null,
): Promise<number> {
  const data = {
    judgedTo: new Date(judgedTo),
    lasting: lasting as Prisma.InputJsonValue,
    watched: [...watched],
    still: still as Prisma.InputJsonValue,
    burning: [...burning],
    revision: revision + 1,
    ...(baselines === null ? {} : { baselines: Uint8Array.from(baselines) }),
  };
  await tx.detectState.upsert({ where: { shard }, create: { shard, ...data }, update: data });
  return data.revision;
}

/** Where judging a shard begins that was never judged: at its oldest minute. Null when it has none. */
export async function oldestMinute(db: Db, shard: number): Promise<number | null> {
  const [row] = await db.$queryRaw<{ at: number | null }[]>`
    SELECT date_part('epoch', min(bucket)) * 1000 AS at FROM ts.coverage WHERE shard = ${shard}`;
  return row?.at == null ? null : Math.round(row.at);
}

/** Shards with minutes that are settled and not judged. @param closedTo minutes from here on are not asked for */
export async function shardsBehind(db: Db, closedTo: number): Promise<number[]> {
  const rows = await db.$queryRaw<{ shard: number }[]>`
    SELECT s.shard FROM ts.shard s LEFT JOIN detect_state d ON d.shard = s.shard
    WHERE d.judged_to IS NULL
       OR least(s.settled, to_timestamp(${closedTo / 1000}::float8)) >= d.judged_to + ${MINUTE_MS / 1000}::float8 * interval '1 s'
    ORDER BY s.shard`;
  return rows.map(({ shard }) => shard);
}
