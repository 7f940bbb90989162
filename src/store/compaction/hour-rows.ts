import type { Db } from "../client.ts";
import { type DecodedRow, decodeHour, encodeHour, type HourRow } from "../codec/hour.ts";
import { bytesOf } from "../codec/values.ts";

/** The snapshots of one namespace in one hour, by time. */
export interface NamespaceHour {
  readonly namespaceId: number;
  readonly rows: readonly HourRow[];
}

/** One row of ts.snapshot_hour, times in ms since 1970. */
export interface PackedHour {
  readonly namespaceId: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly lastListenersAt: number | null;
  readonly snapshots: number;
  readonly epochs: readonly number[];
  readonly layouts: readonly number[];
  readonly data: Buffer;
}

/**
 * Packs an hour, unpacks it again and compares.
 *
 * @throws Error when what comes back is not, bit by bit, what went in: the hour stays as it is then
 */
export function packHour({ namespaceId, rows }: NamespaceHour): PackedHour {
  const data = encodeHour(rows);
  const back = decodeHour(data);
  if (back.length !== rows.length || !rows.every((row, index) => isSame(row, back[index]))) {
    throw new Error(
      `cannot compact the hour of namespace ${namespaceId} at ${rows[0]?.at}: it does not come back as it was`,
    );
  }
  return {
    namespaceId,
    firstAt: rows[0]?.at ?? 0,
    lastAt: rows.at(-1)?.at ?? 0,
    lastListenersAt: rows.findLast((row) => row.listeners !== null)?.at ?? null,
    snapshots: rows.length,
    epochs: distinct(rows.map((row) => row.epochId)),
    layouts: distinct(rows.map((row) => row.layoutId)),
    data,
  };
}

/** The rows of a packed hour as they were stored before. */
export function unpackHour(data: Uint8Array): HourRow[] {
  return decodeHour(data).map((row) => ({ ...row, values: bytesOf(row.values) }));
}

/** Replaces the rows of ts.snapshot_hour of these namespaces. */
export async function replaceHours(
  db: Db,
  shard: number,
  hour: number,
  packed: readonly PackedHour[],
): Promise<void> {
  const texts = (times: readonly (number | null)[]) =>
    times.map((time) => (time === null ? "" : new Date(time).toISOString()));
  await db.$executeRaw`
    INSERT INTO ts.snapshot_hour
      (shard, namespace_id, hour, first_at, last_at, last_listeners_at, snapshots, epochs, layouts, data)
    SELECT ${shard}, namespace_id, to_timestamp(${hour / 1000}::float8), first_at, last_at,
           nullif(last_listeners_at, '')::timestamptz, snapshots, epochs::int[], layouts::int[], data
    FROM unnest(
      ${packed.map((one) => one.namespaceId)}::int[],
      ${texts(packed.map((one) => one.firstAt))}::text[]::timestamptz[],
      ${texts(packed.map((one) => one.lastAt))}::text[]::timestamptz[],
      ${texts(packed.map((one) => one.lastListenersAt))}::text[],
      ${packed.map((one) => one.snapshots)}::int[],
      ${packed.map((one) => `{${one.epochs.join(",")}}`)}::text[],
      ${packed.map((one) => `{${one.layouts.join(",")}}`)}::text[],
      ${packed.map((one) => one.data)}::bytea[]
    ) AS row(namespace_id, first_at, last_at, last_listeners_at, snapshots, epochs, layouts, data)
    ON CONFLICT (shard, namespace_id, hour) DO UPDATE SET
      first_at = excluded.first_at, last_at = excluded.last_at, last_listeners_at = excluded.last_listeners_at,
      snapshots = excluded.snapshots, epochs = excluded.epochs, layouts = excluded.layouts, data = excluded.data`;
}

function isSame(row: HourRow, back: DecodedRow | undefined): boolean {
  return (
    back !== undefined &&
    row.at === back.at &&
    row.uptimeMs === back.uptimeMs &&
    row.everyMs === back.everyMs &&
    row.flags === back.flags &&
    row.epochId === back.epochId &&
    row.layoutId === back.layoutId &&
    Buffer.compare(row.values, bytesOf(back.values)) === 0 &&
    (row.listeners === null
      ? back.listeners === null
      : back.listeners !== null && Buffer.compare(row.listeners, back.listeners) === 0)
  );
}

function distinct(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
