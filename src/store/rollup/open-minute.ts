import type { MinuteSum } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { PositionBuffer, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import type { Touched } from "./marks.ts";

/**
 * Reads what is stored of a minute that is not over into `sum`, without the touched namespaces, which are to be
 * added anew: nothing, where all are touched.
 *
 * @returns false when the minute has been closed
 */
export async function readOpenMinute(
  db: Db,
  shard: number,
  minute: number,
  touched: Touched,
  sum: MinuteSum,
): Promise<boolean> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT layout_id, NULL::int AS counter_id, open, data FROM ts.coverage
    WHERE shard = ${shard} AND bucket = to_timestamp(${minute / 1000}::float8)
    UNION ALL
    SELECT NULL, counter_id, true, data FROM ts.rollup_minute
    WHERE shard = ${shard} AND bucket = to_timestamp(${minute / 1000}::float8) AND NOT ${touched === "all"}::boolean`;
  if (rows.some(({ open }) => !open)) return false;
  if (touched === "all") return true;

  const positions = new Set([...touched].map((namespaceId) => namespaceId % SHARD_SIZE));
  const buffer = new PositionBuffer();
  for (const { layout_id, counter_id, data } of rows) {
    const layout = layout_id === null ? null : sum.layout(layout_id);
    const counter = counter_id === null ? null : sum.counter(counter_id);
    const count = readPositions(data, buffer);
    for (let index = 0; index < count; index++) {
      const position = buffer.positions[index] as number;
      if (positions.has(position)) continue;
      layout?.add(position, buffer.values[index] as number);
      counter?.addSum(position, buffer.valueAt(index), buffer.unratedAt(index));
    }
  }
  return true;
}

/** Of a layout that reported, or of a counter that moved. */
interface Row {
  readonly layout_id: number | null;
  readonly counter_id: number | null;
  readonly open: boolean;
  readonly data: Uint8Array;
}
