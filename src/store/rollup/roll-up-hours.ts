import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import { GaugeSums } from "../../rates/gauges.ts";
import { MINUTE_MS, MinuteSum } from "../../rates/minute.ts";
import { type Db, inTransaction } from "../client.ts";
import { GaugeBuffer, readGauges } from "../codec/gauges.ts";
import { PositionBuffer, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import { unpack } from "../codec/unpack.ts";
import { HOUR_MS } from "../history/record.ts";
import type { Partitions } from "../partitions.ts";
import { deleteHourMarks, readHourMarks } from "./hour-marks.ts";
import { ensuring, needPartitions } from "./needed-partitions.ts";
import { lockShard } from "./shards.ts";
import { type RolledHour, replaceHours } from "./write-hours.ts";

/** Hours summed up by one run: each is some thousand rows. */
const HOURS_PER_RUN = 4;

const TABLES = ["rollup_hour", "coverage_hour", "gauge_hour"] as const;

export interface HoursDeps {
  readonly db: PrismaClient;
  readonly partitions: Partitions;
}

export type HoursOutcome =
  | { readonly kind: "busy" }
  | { readonly kind: "done"; readonly hours: number; readonly more: boolean };

/**
 * Sums up the minutes of a shard's marked hours that are over.
 *
 * As safe as `rollUpShard`, and by the same means: under the same lock, so no minute is replaced meanwhile, the
 * marks are read, then the minutes; the hours are replaced, and the marks that were read deleted, in one
 * transaction. A minute that is rolled up anew leaves another mark.
 *
 * @param now ms since 1970
 */
export function rollUpHours(deps: HoursDeps, shard: number, now: number): Promise<HoursOutcome> {
  return ensuring(deps, TABLES, () =>
    inTransaction(deps.db, async (tx): Promise<HoursOutcome> => {
      if (!(await lockShard(tx, shard))) return { kind: "busy" };
      const marked = await readHourMarks(tx, shard, now, HOURS_PER_RUN);
      if (marked.length === 0) return { kind: "done", hours: 0, more: false };
      const times = marked.map(({ hour }) => hour);
      needPartitions(deps.partitions, TABLES, times);
      const rolled: RolledHour[] = [];
      for (const hour of times) rolled.push(await sumHour(tx, shard, hour));
      await replaceHours(tx, shard, rolled);
      await deleteHourMarks(tx, shard, marked);
      return { kind: "done", hours: marked.length, more: marked.length === HOURS_PER_RUN };
    }),
  );
}

/** The tables of minutes, and what tells their rows apart within one. */
const MINUTES = {
  counters: Prisma.sql`SELECT counter_id AS id, bucket, data FROM ts.rollup_minute`,
  layouts: Prisma.sql`SELECT layout_id AS id, bucket, data FROM ts.coverage`,
  gauges: Prisma.sql`SELECT counter_id AS id, bucket, data FROM ts.gauge_minute`,
} as const;

/** The columns of an hour's minutes, in the order of time, as one value for each id (`unpack`). */
function packedRows(
  tx: Db,
  of: keyof typeof MINUTES,
  shard: number,
  hour: number,
): Promise<{ readonly id: number; readonly packed: string }[]> {
  return tx.$queryRaw`
    SELECT id, encode(string_agg(int4send(length(data)) || data, ''::bytea ORDER BY bucket), 'base64') AS packed
    FROM (${MINUTES[of]} WHERE shard = ${shard} AND bucket >= to_timestamp(${hour / 1000}::float8)
          AND bucket < to_timestamp(${(hour + HOUR_MS) / 1000}::float8)) AS minute
    GROUP BY id`;
}

/** The sum of an hour's minutes. The highest increase of a namespace is of the hour, not of any of its minutes. */
async function sumHour(tx: Db, shard: number, hour: number): Promise<RolledHour> {
  const sum = new MinuteSum();
  const buffer = new PositionBuffer();

  for (const { id, packed } of await packedRows(tx, "counters", shard, hour)) {
    const counter = sum.counter(id);
    for (const data of unpack(packed)) {
      const count = readPositions(data, buffer);
      for (let index = 0; index < count; index++) {
        counter.addSum(buffer.positions[index] as number, buffer.valueAt(index), buffer.unratedAt(index));
      }
    }
  }

  const steady = new Map<number, Buffer>();
  for (const { id, packed } of await packedRows(tx, "layouts", shard, hour)) {
    const layout = sum.layout(id);
    const ratedMinutes = new Uint8Array(SHARD_SIZE);
    for (const data of unpack(packed)) {
      const count = readPositions(data, buffer);
      for (let index = 0; index < count; index++) {
        const position = buffer.positions[index] as number;
        layout.add(position, buffer.values[index] as number);
        if (buffer.values[index] !== 0) (ratedMinutes[position] as number)++;
      }
    }
    const bits = steadyBits(ratedMinutes);
    if (bits !== null) steady.set(id, bits);
  }
  return { hour, sum, steady, gauges: await sumGauges(tx, shard, hour) };
}

const MINUTES_PER_HOUR = HOUR_MS / MINUTE_MS;

/** A bit for each position with a rated interval in all minutes of an hour; null where there is none. */
function steadyBits(ratedMinutes: Uint8Array): Buffer | null {
  const bits = Buffer.alloc(SHARD_SIZE / 8);
  for (let position = 0; position < SHARD_SIZE; position++) {
    if (ratedMinutes[position] !== MINUTES_PER_HOUR) continue;
    bits[position >> 3] = (bits[position >> 3] as number) | (1 << (position & 7));
  }
  return bits.some((byte) => byte !== 0) ? bits : null;
}

async function sumGauges(tx: Db, shard: number, hour: number): Promise<GaugeSums> {
  const sums = new GaugeSums();
  const buffer = new GaugeBuffer();
  for (const { id, packed } of await packedRows(tx, "gauges", shard, hour)) {
    const gauge = sums.gauge(id);
    // By minute: `at` need only tell the later from the earlier.
    unpack(packed).forEach((data, at) => {
      const count = readGauges(data, buffer);
      for (let index = 0; index < count; index++) {
        gauge.add(buffer.positions[index] as number, {
          at,
          last: buffer.lastAt(index),
          lowest: buffer.lowestAt(index),
          highest: buffer.highestAt(index),
        });
      }
    });
  }
  return sums;
}
