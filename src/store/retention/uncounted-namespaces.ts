import type { Db } from "../client.ts";
import { GaugeBuffer, readGauges } from "../codec/gauges.ts";
import { PositionBuffer, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import { shardOf } from "../snapshots.ts";

/** A namespace that has ended, and the time in which all of its hours lie; ms since 1970. */
export interface EndedNamespace {
  readonly id: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Tells, of namespaces that have ended, those of which every hour says 0: whatever is asked of the hours has the same
 * sum without them. Those of a shard, which have lived at about the same time, are looked at together.
 *
 * @returns null for those of which it cannot be told, because hours are still to be made or a row is damaged
 */
export async function countedInHours(
  db: Db,
  ended: readonly EndedNamespace[],
): Promise<ReadonlyMap<number, boolean | null>> {
  const counted = new Map<number, boolean | null>();
  for (const shard of new Set(ended.map(({ id }) => shardOf(id)))) {
    const own = ended.filter(({ id }) => shardOf(id) === shard);
    const from = Math.min(...own.map((one) => one.from));
    const to = Math.max(...own.map((one) => one.to));
    const positions = await positionsCounted(db, shard, from, to);
    for (const { id } of own) counted.set(id, positions === null ? null : positions.has(id % SHARD_SIZE));
  }
  return counted;
}

/** The positions of a shard at which an hour says anything but 0; null when some are still to be made, or damaged. */
async function positionsCounted(
  db: Db,
  shard: number,
  from: number,
  to: number,
): Promise<ReadonlySet<number> | null> {
  const [first, last] = [new Date(from), new Date(to)];
  const rows = await db.$queryRaw<{ gauge: boolean; data: Uint8Array | null }[]>`
    SELECT false AS gauge, NULL::bytea AS data FROM ts.hour_mark
    WHERE shard = ${shard} AND hour >= ${first} AND hour <= ${last}
    UNION ALL
    SELECT false, data FROM ts.rollup_hour WHERE shard = ${shard} AND bucket >= ${first} AND bucket <= ${last}
    UNION ALL
    SELECT true, data FROM ts.gauge_hour WHERE shard = ${shard} AND bucket >= ${first} AND bucket <= ${last}`;
  try {
    return countedIn(rows);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** @throws RangeError when a row is damaged */
function countedIn(
  rows: readonly { readonly gauge: boolean; readonly data: Uint8Array | null }[],
): ReadonlySet<number> | null {
  const positions = new Set<number>();
  const [counters, gauges] = [new PositionBuffer(), new GaugeBuffer()];
  for (const { gauge, data } of rows) {
    if (data === null) return null;
    if (gauge) {
      const count = readGauges(data, gauges);
      for (let index = 0; index < count; index++) {
        if (gauges.highestAt(index) > 0) positions.add(gauges.positions[index] as number);
      }
    } else {
      const count = readPositions(data, counters);
      for (let index = 0; index < count; index++) {
        if (counters.valueAt(index) > 0) positions.add(counters.positions[index] as number);
      }
    }
  }
  return positions;
}
