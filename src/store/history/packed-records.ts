import type { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import type { SnapshotRecord } from "./record.ts";

/** namespace int4, at float8, epoch int4, uptime int8, every int4, flags int2, layout int4, length of values int4. */
const HEAD_BYTES = 38;

/**
 * Runs a query of snapshots and brings its rows over as one value: a row costs the driver several times what its
 * bytes do (of 1,536 snapshots 9 ms against 4, bench/rollup.ts), and hexadecimal text less than bytea.
 *
 * @param query selects the columns of ts.snapshot by their names; `at` as it is stored
 * @returns by namespace and time
 */
export async function readPacked(db: Db, query: Prisma.Sql): Promise<SnapshotRecord[]> {
  const [row] = await db.$queryRaw<{ packed: string | null }[]>`
    SELECT encode(string_agg(
      int4send(namespace_id) || float8send(date_part('epoch', at) * 1000) || int4send(epoch_id)
        || int8send(uptime_ms) || int4send(every_ms) || int2send(flags) || int4send(layout_id)
        || int4send(length("values")) || "values",
      ''::bytea ORDER BY namespace_id, at), 'hex') AS packed
    FROM (${query}) AS s`;
  return row === undefined || row.packed === null ? [] : unpackRecords(Buffer.from(row.packed, "hex"));
}

function unpackRecords(bytes: Buffer): SnapshotRecord[] {
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
