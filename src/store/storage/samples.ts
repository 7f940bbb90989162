import type { Db } from "../client.ts";
import type { StoredTable } from "./tables.ts";

/** What one value of one counter takes on disk, in bytes; null when it cannot be told. */
export interface BytesPerSample {
  readonly raw: number | null;
  readonly compacted: number | null;
}

/** Snapshots of an hour that are looked at to know how many counters one has; they lie as they came. */
const LOOKED_AT = 1_000;

/**
 * Measures bytes a sample on the newest whole partition of each form: raw by the server's own count of the rows
 * and the counters of a thousand of them, compacted by the counts in its rows, one for each namespace and hour.
 *
 * @param now ms since 1970
 */
export async function readBytesPerSample(
  db: Db,
  tables: readonly StoredTable[],
  now: number,
): Promise<BytesPerSample> {
  const raw = newestWhole(tables, "snapshot", now);
  const compacted = newestWhole(tables, "snapshot_hour", now);
  return {
    raw: raw === null ? null : perSample(raw.bytes, (raw.rows ?? 0) * (await countersOf(db, raw))),
    compacted: compacted === null ? null : perSample(compacted.bytes, await compactedSamples(db, compacted)),
  };
}

type Part = NonNullable<StoredTable["partition"]> & Pick<StoredTable, "bytes" | "rows">;

/** The newest partition that is over and whose rows the server has counted. */
function newestWhole(tables: readonly StoredTable[], table: Part["table"], now: number): Part | null {
  const whole = tables.flatMap(({ partition, bytes, rows }) =>
    partition?.table === table && partition.upper <= now && (rows ?? 0) > 0
      ? [{ ...partition, bytes, rows }]
      : [],
  );
  return whole.sort((a, b) => b.lower - a.lower)[0] ?? null;
}

function perSample(bytes: number, samples: number): number | null {
  return samples > 0 ? bytes / samples : null;
}

async function countersOf(db: Db, { lower, upper }: Part): Promise<number> {
  const [row] = await db.$queryRaw<{ counters: number | null }[]>`
    SELECT avg(cardinality(l.counter_ids))::float8 AS counters
    FROM (SELECT layout_id FROM ts.snapshot
          WHERE at >= to_timestamp(${lower / 1000}::float8) AND at < to_timestamp(${upper / 1000}::float8)
          LIMIT ${LOOKED_AT}) s
    JOIN layout l ON l.id = s.layout_id`;
  return row?.counters ?? 0;
}

async function compactedSamples(db: Db, { lower, upper }: Part): Promise<number> {
  const [row] = await db.$queryRaw<{ samples: number | null }[]>`
    SELECT sum(s.snapshots * cardinality(l.counter_ids))::float8 AS samples
    FROM ts.snapshot_hour s JOIN layout l ON l.id = s.layouts[1]
    WHERE s.hour >= to_timestamp(${lower / 1000}::float8) AND s.hour < to_timestamp(${upper / 1000}::float8)`;
  return row?.samples ?? 0;
}
