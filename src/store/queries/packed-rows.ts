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
  forEachPacked(packed, (shard, key, bucket, bytes, start, end) => {
    rows.push({ shard, key, bucket, data: bytes.subarray(start, end) });
  });
  return rows;
}

/** What `packIncreases` gave, null for no rows at all; in no order. */
export function unpackIncreases(packed: string | null): IncreaseRow[] {
  const rows: IncreaseRow[] = [];
  forEachPacked(packed, (shard, key, bucket, bytes, start, end) => {
    const data = bytes.subarray(start + RATE_BYTES, end);
    rows.push({ shard, key, bucket, rate: bytes.readDoubleBE(start), data });
  });
  return rows;
}

function forEachPacked(
  packed: string | null,
  visit: (shard: number, key: number, bucket: number, bytes: Buffer, start: number, end: number) => void,
): void {
  if (packed === null) return;
  const bytes = Buffer.from(packed, "base64");
  for (let offset = 0; offset < bytes.length; ) {
    const start = offset + HEAD_BYTES;
    const end = start + bytes.readInt32BE(offset + 12);
    const bucket = bytes.readInt32BE(offset + 8) * 60_000;
    visit(bytes.readInt32BE(offset), bytes.readInt32BE(offset + 4), bucket, bytes, start, end);
    offset = end;
  }
}
