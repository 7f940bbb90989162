import type { Db } from "./client.ts";

/** One snapshot as a row of ts.snapshot. */
export interface SnapshotRow {
  readonly namespaceId: number;
  /** ms since 1970 */
  readonly at: number;
  readonly epochId: number;
  readonly uptimeMs: number;
  readonly everyMs: number;
  readonly flags: number;
  readonly layoutId: number;
  readonly values: Buffer;
  /** What src/store/codec/listeners.ts encodes; null where none were seen. */
  readonly listeners: Buffer | null;
}

/** Bit 0 of `flags`: the namespace's counters are known to have begun at 0. */
export const FLAG_FROM_ZERO = 1;

/**
 * Stands for null among byte arrays. Prisma tells the type of an array by its first element: behind a null, the
 * bytes of the others would be stored as the text of their base64.
 */
const NOTHING = Buffer.alloc(0);

/** What became of a row: new, the same as one stored before, or at odds with it. */
export type AppendOutcome = "stored" | "duplicate" | "conflict";

interface StoredRow {
  readonly namespace_id: number;
  readonly at: number;
  readonly epoch_id: number;
  readonly uptime_ms: number;
  readonly layout_id: number;
  readonly values: Uint8Array;
}

/** The block of 256 namespaces that one belongs to. */
export function shardOf(namespaceId: number): number {
  return namespaceId >> 8;
}

/**
 * Appends snapshots, and a mark for each minute of a shard that gained one: one statement, so both are
 * committed or neither. A snapshot that is there already is left as it is, so a push that is retried
 * changes nothing.
 *
 * Rows are sorted by key: two writers that insert the same rows in different order would deadlock. What
 * was new is counted by RETURNING; on a distributed table the command tag counts what was offered.
 *
 * @returns one outcome for each row, in the order given
 * @throws what the driver throws; nothing is stored then
 */
export async function appendSnapshots(db: Db, rows: readonly SnapshotRow[]): Promise<AppendOutcome[]> {
  const inserted = await db.$queryRaw<{ namespace_id: number; at: number }[]>`
    WITH inserted AS (
      INSERT INTO ts.snapshot
        (shard, namespace_id, at, epoch_id, uptime_ms, every_ms, flags, layout_id, "values", listeners)
      SELECT namespace_id >> 8, namespace_id, to_timestamp(at / 1000), epoch_id, uptime_ms, every_ms, flags,
             layout_id, "values", nullif(listeners, ''::bytea)
      FROM unnest(
        ${rows.map((row) => row.namespaceId)}::int[], ${rows.map((row) => row.at)}::float8[],
        ${rows.map((row) => row.epochId)}::int[], ${rows.map((row) => row.uptimeMs)}::bigint[],
        ${rows.map((row) => row.everyMs)}::int[], ${rows.map((row) => row.flags)}::smallint[],
        ${rows.map((row) => row.layoutId)}::int[], ${rows.map((row) => row.values)}::bytea[],
        ${rows.map((row) => row.listeners ?? NOTHING)}::bytea[]
      ) WITH ORDINALITY
        AS row(namespace_id, at, epoch_id, uptime_ms, every_ms, flags, layout_id, "values", listeners, place)
      ORDER BY namespace_id, at, place
      ON CONFLICT DO NOTHING
      RETURNING shard, namespace_id, at
    ), marked AS (
      INSERT INTO ts.mark (shard, minute) SELECT DISTINCT shard, date_trunc('minute', at) FROM inserted
    )
    SELECT namespace_id, date_part('epoch', at) * 1000 AS at FROM inserted`;

  // Of rows with one key the first was inserted, or none; the others are held against what is stored.
  const fresh = new Set(inserted.map((row) => `${row.namespace_id} ${Math.round(row.at)}`));
  const outcomes: AppendOutcome[] = new Array(rows.length);
  const known: number[] = [];
  rows.forEach((row, index) => {
    if (fresh.delete(`${row.namespaceId} ${row.at}`)) outcomes[index] = "stored";
    else known.push(index);
  });
  if (known.length > 0) await judgeKnown(db, rows, known, outcomes);
  return outcomes;
}

async function judgeKnown(
  db: Db,
  rows: readonly SnapshotRow[],
  known: readonly number[],
  outcomes: AppendOutcome[],
): Promise<void> {
  const wanted = known.flatMap((index) => rows[index] ?? []);
  const stored = await db.$queryRaw<StoredRow[]>`
    SELECT s.namespace_id, date_part('epoch', s.at) * 1000 AS at, s.epoch_id,
           s.uptime_ms::float8 AS uptime_ms, s.layout_id, s."values"
    FROM unnest(${wanted.map((row) => row.namespaceId)}::int[], ${wanted.map((row) => row.at)}::float8[])
      AS k(namespace_id, at)
    JOIN ts.snapshot s ON s.shard = k.namespace_id >> 8 AND s.namespace_id = k.namespace_id
      AND s.at = to_timestamp(k.at / 1000)::timestamptz(3)`;
  const byKey = new Map(stored.map((row) => [`${row.namespace_id} ${Math.round(row.at)}`, row]));
  for (const index of known) {
    const row = rows[index];
    const there = row === undefined ? undefined : byKey.get(`${row.namespaceId} ${row.at}`);
    const same =
      row !== undefined &&
      there !== undefined &&
      sameContent(row, {
        epochId: there.epoch_id,
        uptimeMs: there.uptime_ms,
        layoutId: there.layout_id,
        values: there.values,
      });
    outcomes[index] = same ? "duplicate" : "conflict";
  }
}

type Content = Pick<SnapshotRow, "epochId" | "uptimeMs" | "layoutId"> & { readonly values: Uint8Array };

function sameContent(a: Content, b: Content): boolean {
  return (
    a.epochId === b.epochId &&
    a.uptimeMs === b.uptimeMs &&
    a.layoutId === b.layoutId &&
    Buffer.compare(a.values, b.values) === 0
  );
}
