import { Prisma } from "../../generated/prisma/client.ts";

/** One row of a rollup table: the namespaces of a shard in a minute or an hour. */
export interface PackedRow {
  /** Start of the minute or hour, ms since 1970. */
  readonly bucket: number;
  readonly shard: number;
  /** The counter, or of coverage the layout. */
  readonly key: number;
  readonly data: Uint8Array;
}

const HEAD_BYTES = 16;

/**
 * Many rows as one text, to be read by `unpackRows`: shard, key, minute and length of the data (32 bits each, high
 * byte first), then the data. Rows that come one by one cost their reader twice as much as this does.
 */
export function packRows(key: "counter_id" | "layout_id"): Prisma.Sql {
  return Prisma.sql`encode(string_agg(
    int4send(shard) || int4send(${Prisma.raw(key)}) || int4send((date_part('epoch', bucket) / 60)::int)
      || int4send(length(data)) || data, ''::bytea), 'base64')`;
}

/** What `packRows` gave, null for no rows at all; in no order. */
export function unpackRows(packed: string | null): PackedRow[] {
  const rows: PackedRow[] = [];
  if (packed === null) return rows;
  const bytes = Buffer.from(packed, "base64");
  for (let offset = 0; offset < bytes.length; ) {
    const start = offset + HEAD_BYTES;
    const end = start + bytes.readInt32BE(offset + 12);
    rows.push({
      shard: bytes.readInt32BE(offset),
      key: bytes.readInt32BE(offset + 4),
      bucket: bytes.readInt32BE(offset + 8) * 60_000,
      data: bytes.subarray(start, end),
    });
    offset = end;
  }
  return rows;
}
