import type { MinuteSum } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { encodePositions } from "../codec/positions.ts";

/** A minute of a shard, rolled up. */
export interface RolledMinute {
  /** Start of the minute, ms since 1970. */
  readonly minute: number;
  readonly sum: MinuteSum;
  /** The minute was not over: only event counters are in the sum. */
  readonly open: boolean;
}

/** Replaces what is stored of these minutes of a shard. Call it in the transaction that read the snapshots. */
export async function replaceMinutes(db: Db, shard: number, minutes: readonly RolledMinute[]): Promise<void> {
  const buckets = minutes.map(({ minute }) => new Date(minute).toISOString());
  await db.$executeRaw`
    DELETE FROM ts.rollup_minute WHERE shard = ${shard}
      AND bucket = ANY(${buckets}::text[]::timestamptz[])`;
  await db.$executeRaw`
    DELETE FROM ts.coverage WHERE shard = ${shard}
      AND bucket = ANY(${buckets}::text[]::timestamptz[])`;

  const counters = minutes.flatMap(({ minute, sum }) =>
    sum.counters().map((counter) => ({ minute, ...counter })),
  );
  await db.$executeRaw`
    INSERT INTO ts.rollup_minute (shard, counter_id, bucket, total, unrated, affected, peak, data)
    SELECT ${shard}, counter_id, to_timestamp(minute / 1000), total::numeric, unrated::numeric, affected,
           peak::numeric, data
    FROM unnest(
      ${counters.map((row) => row.counterId)}::int[], ${counters.map((row) => row.minute)}::float8[],
      ${counters.map((row) => String(row.total))}::text[], ${counters.map((row) => String(row.unrated))}::text[],
      ${counters.map((row) => row.positions.length)}::int[], ${counters.map((row) => String(row.peak))}::text[],
      ${counters.map((row) => encodePositions(row.positions))}::bytea[]
    ) AS row(counter_id, minute, total, unrated, affected, peak, data)`;

  const layouts = minutes.flatMap(({ minute, sum, open }) =>
    sum.layouts().map((layout) => ({ minute, open, ...layout })),
  );
  await db.$executeRaw`
    INSERT INTO ts.coverage (shard, bucket, layout_id, open, reporters, covered_ms, data)
    SELECT ${shard}, to_timestamp(minute / 1000), layout_id, open, reporters, covered_ms, data
    FROM unnest(
      ${layouts.map((row) => row.minute)}::float8[], ${layouts.map((row) => row.layoutId)}::int[],
      ${layouts.map((row) => row.open)}::boolean[], ${layouts.map((row) => row.positions.filter(({ coveredMs }) => coveredMs > 0).length)}::int[],
      ${layouts.map((row) => row.coveredMs)}::bigint[],
      ${layouts.map((row) =>
        encodePositions(
          row.positions.map(({ position, coveredMs }) => ({ position, value: coveredMs, unrated: 0 })),
        ),
      )}::bytea[]
    ) AS row(minute, layout_id, open, reporters, covered_ms, data)`;
}

export async function deleteMarks(db: Db, shard: number, ids: readonly bigint[]): Promise<void> {
  await db.$executeRaw`DELETE FROM ts.mark WHERE shard = ${shard} AND id = ANY(${[...ids]}::bigint[])`;
}
