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
  const layouts = await db.$queryRaw<{ layout_id: number; open: boolean; data: Uint8Array }[]>`
    SELECT layout_id, open, data FROM ts.coverage
    WHERE shard = ${shard} AND bucket = to_timestamp(${minute / 1000}::float8)`;
  if (layouts.some(({ open }) => !open)) return false;
  if (touched === "all") return true;

  const positions = new Set([...touched].map((namespaceId) => namespaceId % SHARD_SIZE));
  const buffer = new PositionBuffer();
  for (const { layout_id, data } of layouts) {
    const layout = sum.layout(layout_id);
    const count = readPositions(data, buffer);
    for (let index = 0; index < count; index++) {
      const position = buffer.positions[index] as number;
      if (!positions.has(position)) layout.add(position, buffer.values[index] as number);
    }
  }

  const counters = await db.$queryRaw<{ counter_id: number; data: Uint8Array }[]>`
    SELECT counter_id, data FROM ts.rollup_minute
    WHERE shard = ${shard} AND bucket = to_timestamp(${minute / 1000}::float8)`;
  for (const { counter_id, data } of counters) {
    const counter = sum.counter(counter_id);
    const count = readPositions(data, buffer);
    for (let index = 0; index < count; index++) {
      const position = buffer.positions[index] as number;
      if (!positions.has(position)) counter.addSum(position, buffer.valueAt(index), buffer.unratedAt(index));
    }
  }
  return true;
}
