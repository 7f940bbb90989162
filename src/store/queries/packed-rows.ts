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

/** A row of increases. */
export interface IncreaseRow extends PackedRow {
  /** The rates of its namespaces added up, per second; NaN where it does not say. */
  readonly rate: number;
}

const HEAD_BYTES = 16;
const RATE_BYTES = 8;

/**
 * Many rows as one text, to be read by `unpackRows`: shard, key, minute and length of the data (32 bits each, high
 * byte first), then the data. Rows that come one by one cost their reader twice as much as this does.
 */
export function packRows(key: "counter_id" | "layout_id"): Prisma.Sql {
  return Prisma.sql`encode(string_agg(${headOf(key)} || int4send(length(data)) || data, ''::bytea), 'base64')`;
}

/** The same of increases, whose data has the rate before it: for `unpackIncreases`. */
export function packIncreases(): Prisma.Sql {
  return Prisma.sql`encode(string_agg(
    ${headOf("counter_id")} || int4send(length(data) + ${RATE_BYTES}::int) || float8send(coalesce(rate, 'NaN')) || data,
    ''::bytea), 'base64')`;
}

function headOf(key: "counter_id" | "layout_id"): Prisma.Sql {
  return Prisma.sql`int4send(shard) || int4send(${Prisma.raw(key)}) || int4send((date_part('epoch', bucket) / 60)::int)`;
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

/** What `packIncreases` gave, null for no rows at all; in no order. */
export function unpackIncreases(packed: string | null): IncreaseRow[] {
  return unpackRows(packed).map(({ shard, key, bucket, data }) => {
    const rate = new DataView(data.buffer, data.byteOffset, RATE_BYTES).getFloat64(0);
    return { shard, key, bucket, rate, data: data.subarray(RATE_BYTES) };
  });
}
