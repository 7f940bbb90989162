import { Prisma } from "../../generated/prisma/client.ts";
import type { GaugeSums } from "../../rates/gauges.ts";
import { MINUTE_MS, type MinuteSum } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { GaugeBuffer, readGauges } from "../codec/gauges.ts";
import { PositionBuffer, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import type { Span } from "../history/record.ts";
import type { Touched } from "./marks.ts";

/** Where what is stored of a minute is added to; without gauges those are left where they are. */
export interface StoredSums {
  readonly sum: MinuteSum;
  readonly gauges?: GaugeSums;
}

/**
 * Reads what is stored of a minute that is not over into `sum`, without the touched namespaces, which are to be
 * added anew: nothing, where all are touched. Of those that cannot be read what is stored stays.
 *
 * @returns false when the minute has been closed
 */
export async function readOpenMinute(
  db: Db,
  shard: number,
  minute: number,
  touched: Touched,
  unreadable: Iterable<number>,
  sum: MinuteSum,
): Promise<boolean> {
  const stays = positionsOf(unreadable);
  const anew = touched === "all" ? null : positionsOf(touched);
  const span = { from: minute, to: minute + MINUTE_MS };
  const rows = await readRows(db, shard, span, { counters: anew !== null || stays.size > 0, gauges: false });
  if (rows.some(({ open }) => !open)) return false;
  const keeps = (position: number) => stays.has(position) || anew?.has(position) === false;
  for (const row of rows) addRow(row, keeps, { sum });
  return true;
}

/** Adds what is stored of namespaces in the minutes of a span to sums that were made without them. */
export async function addStored(
  db: Db,
  shard: number,
  span: Span,
  namespaceIds: Iterable<number>,
  sums: ReadonlyMap<number, StoredSums>,
): Promise<void> {
  const positions = positionsOf(namespaceIds);
  const keeps = (position: number) => positions.has(position);
  for (const row of await readRows(db, shard, span, { counters: true, gauges: true })) {
    const into = sums.get(Math.round(row.minute));
    if (into !== undefined) addRow(row, keeps, into);
  }
}

function positionsOf(namespaceIds: Iterable<number>): ReadonlySet<number> {
  return new Set(Array.from(namespaceIds, (id) => id % SHARD_SIZE));
}

/** Of a layout that reported, a counter that moved, or a gauge. */
interface Row {
  readonly minute: number;
  readonly layout_id: number | null;
  readonly counter_id: number | null;
  readonly gauge_id: number | null;
  readonly open: boolean;
  readonly data: Uint8Array;
}

function readRows(
  db: Db,
  shard: number,
  { from, to }: Span,
  { counters, gauges }: { readonly counters: boolean; readonly gauges: boolean },
): Promise<Row[]> {
  const within = Prisma.sql`
    shard = ${shard} AND bucket >= to_timestamp(${from / 1000}::float8) AND bucket < to_timestamp(${to / 1000}::float8)`;
  const minute = Prisma.sql`date_part('epoch', bucket) * 1000 AS minute`;
  return db.$queryRaw<Row[]>`
    SELECT ${minute}, layout_id, NULL::int AS counter_id, NULL::int AS gauge_id, open, data
    FROM ts.coverage WHERE ${within}
    UNION ALL
    SELECT ${minute}, NULL, counter_id, NULL, true, data FROM ts.rollup_minute WHERE ${within} AND ${counters}::boolean
    UNION ALL
    SELECT ${minute}, NULL, NULL, counter_id, true, data FROM ts.gauge_minute WHERE ${within} AND ${gauges}::boolean`;
}

const positionBuffer = new PositionBuffer();
const gaugeBuffer = new GaugeBuffer();

function addRow(row: Row, keeps: (position: number) => boolean, { sum, gauges }: StoredSums): void {
  if (row.gauge_id !== null) {
    const gauge = gauges?.gauge(row.gauge_id);
    const count = decoded(() => readGauges(row.data, gaugeBuffer));
    for (let index = 0; index < count; index++) {
      const position = gaugeBuffer.positions[index] as number;
      if (!keeps(position)) continue;
      const [last, lowest, highest] = [
        gaugeBuffer.lastAt(index),
        gaugeBuffer.lowestAt(index),
        gaugeBuffer.highestAt(index),
      ];
      gauge?.add(position, { at: row.minute, last, lowest, highest });
    }
    return;
  }
  const layout = row.layout_id === null ? null : sum.layout(row.layout_id);
  const counter = row.counter_id === null ? null : sum.counter(row.counter_id);
  const count = decoded(() => readPositions(row.data, positionBuffer));
  for (let index = 0; index < count; index++) {
    const position = positionBuffer.positions[index] as number;
    if (!keeps(position)) continue;
    layout?.add(position, positionBuffer.values[index] as number);
    counter?.addSum(position, positionBuffer.valueAt(index), positionBuffer.unratedAt(index));
  }
}

/** How many entries there are; none of a row that is damaged, which is replaced now. */
function decoded(read: () => number): number {
  try {
    return read();
  } catch {
    return 0;
  }
}
