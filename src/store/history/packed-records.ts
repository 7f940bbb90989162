import { Prisma } from "../../generated/prisma/client.ts";
import type { SnapshotRecord } from "./record.ts";

/** namespace int4, at float8, epoch int4, uptime int8, every int4, flags int2, layout int4, length of values int4. */
const HEAD_BYTES = 38;

/**
 * Rows of ts.snapshot, called s, as one value, by namespace and time: a row costs the driver several times what
 * its bytes do (of 1,536 snapshots 9 ms against 4, bench/rollup.ts), and hexadecimal text less than bytea.
 */
export const PACKED = Prisma.sql`
  encode(string_agg(
    int4send(s.namespace_id) || float8send(date_part('epoch', s.at) * 1000) || int4send(s.epoch_id)
      || int8send(s.uptime_ms) || int4send(s.every_ms) || int2send(s.flags) || int4send(s.layout_id)
      || int4send(length(s."values")) || s."values",
    ''::bytea ORDER BY s.namespace_id, s.at), 'hex')`;

/** The snapshots in a value of PACKED, which is null where there are none. */
export function unpackRecords(packed: string | null): SnapshotRecord[] {
  if (packed === null) return [];
  const bytes = Buffer.from(packed, "hex");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: SnapshotRecord[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const start = offset + HEAD_BYTES;
    const end = start + view.getInt32(offset + 34);
    records.push({
      namespace_id: view.getInt32(offset),
      at: view.getFloat64(offset + 4),
      epoch_id: view.getInt32(offset + 12),
      uptime_ms: view.getInt32(offset + 16) * 2 ** 32 + view.getUint32(offset + 20),
      every_ms: view.getInt32(offset + 24),
      flags: view.getInt16(offset + 28),
      layout_id: view.getInt32(offset + 30),
      values: bytes.subarray(start, end),
    });
    offset = end;
  }
  return records;
}
