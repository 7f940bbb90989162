import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import { GaugeSums } from "../../rates/gauges.ts";
import { MINUTE_MS, MinuteSum } from "../../rates/minute.ts";
import { type Db, inTransaction } from "../client.ts";
import { GaugeBuffer, readGauges } from "../codec/gauges.ts";
import { PositionBuffer, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import { unpack } from "../codec/unpack.ts";
import { HOUR_MS } from "../history/record.ts";
import type { Unreadable } from "../history/unreadable.ts";
import type { Partitions } from "../partitions.ts";
import { deleteHourMarks, readHourMarks } from "./hour-marks.ts";
import { ensuring, needPartitions } from "./needed-partitions.ts";
import { ALL_NAMESPACES, type SetAside, setAside, takeUpHours } from "./set-aside.ts";
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
  | {
      readonly kind: "done";
      readonly hours: number;
      readonly more: boolean;
      /** Hours of which a minute's row is damaged: tried again later. */
      readonly aside: readonly SetAside[];
      /** Of them those of a shard of which nothing was set aside before. */
      readonly newlyAside: readonly Unreadable[];
    };

/**
 * Sums up the minutes of a shard's marked hours that are over.
 *
 * As safe as `rollUpShard`, and by the same means: under the same lock, so no minute is replaced meanwhile, the
 * marks are read, then the minutes; the hours are replaced, and the marks that were read deleted, in one
 * transaction. A minute that is rolled up anew leaves another mark.
 *
 * An hour of which a row cannot be read is set aside: it keeps its marks, so that readers go on asking its minutes,
 * and no other waits for it.
 *
 * @param now ms since 1970
 */
export function rollUpHours(deps: HoursDeps, shard: number, now: number): Promise<HoursOutcome> {
  return ensuring(deps, TABLES, () =>
    inTransaction(deps.db, async (tx): Promise<HoursOutcome> => {
      if (!(await lockShard(tx, shard))) return { kind: "busy" };
      const marked = await readHourMarks(tx, shard, now, HOURS_PER_RUN);
      if (marked.length === 0) return { kind: "done", hours: 0, more: false, aside: [], newlyAside: [] };
      const times = marked.map(({ hour }) => hour);
      needPartitions(deps.partitions, TABLES, times);
      const rolled: RolledHour[] = [];
      const aside: SetAside[] = [];
      for (const hour of times) {
        const sum = await sumHour(tx, shard, hour);
        if ("unreadable" in sum) aside.push(sum);
        else rolled.push(sum);
      }
      await replaceHours(tx, shard, rolled);
      await deleteHourMarks(
        tx,
        shard,
        marked.filter(({ hour }) => rolled.some((one) => one.hour === hour)),
      );
      await takeUpHours(
        tx,
        shard,
        rolled.map(({ hour }) => hour),
      );
      const newlyAside = await setAside(tx, shard, aside, now);
      return { kind: "done", hours: rolled.length, more: marked.length === HOURS_PER_RUN, aside, newlyAside };
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
interface PackedRow {
  readonly id: number;
  readonly packed: string;
}

function packedRows(tx: Db, of: keyof typeof MINUTES, shard: number, hour: number): Promise<PackedRow[]> {
  return tx.$queryRaw`
    SELECT id, encode(string_agg(int4send(length(data)) || data, ''::bytea ORDER BY bucket), 'base64') AS packed
    FROM (${MINUTES[of]} WHERE shard = ${shard} AND bucket >= to_timestamp(${hour / 1000}::float8)
          AND bucket < to_timestamp(${(hour + HOUR_MS) / 1000}::float8)) AS minute
    GROUP BY id`;
}

/** The sum of an hour's minutes, unless one of them is damaged. */
async function sumHour(tx: Db, shard: number, hour: number): Promise<RolledHour | SetAside> {
  const [counters, layouts, gauges] = [
    await packedRows(tx, "counters", shard, hour),
    await packedRows(tx, "layouts", shard, hour),
    await packedRows(tx, "gauges", shard, hour),
  ];
  try {
    return { hour, ...sumOf(counters, layouts), gauges: sumGauges(gauges) };
  } catch (error) {
    // Nothing but bytes are looked at here.
    return damaged(shard, hour, error as Error);
  }
}

function damaged(shard: number, hour: number, error: Error): SetAside {
  const what =
    `a row of minutes of shard ${shard} is damaged (${error.message}): restore those of ts.rollup_minute, ts.coverage ` +
    "and ts.gauge_minute from a backup, or, while the snapshots are kept, mark the minutes in ts.mark to have them made anew";
  return {
    unreadable: { namespaceId: ALL_NAMESPACES, at: hour, reason: "damaged_minute", what },
    first: hour,
    last: hour + HOUR_MS - MINUTE_MS,
  };
}

/** The highest increase of a namespace is of the hour, not of any of its minutes. */
function sumOf(
  counters: readonly PackedRow[],
  layouts: readonly PackedRow[],
): Pick<RolledHour, "sum" | "steady"> {
  const sum = new MinuteSum();
  const buffer = new PositionBuffer();

  for (const { id, packed } of counters) {
    const counter = sum.counter(id);
    for (const data of unpack(packed)) {
      const count = readPositions(data, buffer);
      for (let index = 0; index < count; index++) {
        counter.addSum(buffer.positions[index] as number, buffer.valueAt(index), buffer.unratedAt(index));
      }
    }
  }

  const steady = new Map<number, Buffer>();
  for (const { id, packed } of layouts) {
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
  return { sum, steady };
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

function sumGauges(gauges: readonly PackedRow[]): GaugeSums {
  const sums = new GaugeSums();
  const buffer = new GaugeBuffer();
  for (const { id, packed } of gauges) {
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
