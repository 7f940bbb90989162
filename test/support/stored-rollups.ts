/** What the tables of rollups say, in the form in which oracles say it. */
import type { Store } from "../../src/store/client.ts";
import { GaugeBuffer, readGauges } from "../../src/store/codec/gauges.ts";
import { decodePositions } from "../../src/store/codec/positions.ts";

/** A row of a rollup, its positions by namespace. */
export type Positions = Record<number, readonly string[]>;

type Resolution = "minute" | "hour";

/** ts.rollup_minute or ts.rollup_hour, keyed "shard counter bucket". */
export async function storedCounters({ db }: Store, resolution: Resolution) {
  const rows =
    resolution === "minute"
      ? await db.$queryRaw<CounterRow[]>`
          SELECT r.shard, c.name, date_part('epoch', r.bucket) * 1000 AS bucket, r.total::text, r.unrated::text,
                 r.affected, r.peak::text, r.rate, r.data
          FROM ts.rollup_minute r JOIN counter c ON c.id = r.counter_id`
      : await db.$queryRaw<CounterRow[]>`
          SELECT r.shard, c.name, date_part('epoch', r.bucket) * 1000 AS bucket, r.total::text, r.unrated::text,
                 r.affected, r.peak::text, r.rate, r.data
          FROM ts.rollup_hour r JOIN counter c ON c.id = r.counter_id`;
  return new Map(
    rows.map(({ shard, name, bucket, data, ...sums }) => {
      const positions: Positions = {};
      for (const { position, value, unrated } of decodePositions(data)) {
        positions[shard * 256 + position] = [String(value), String(unrated)];
      }
      return [`${shard} ${name} ${Math.round(bucket)}`, { ...sums, positions }] as const;
    }),
  );
}

interface CounterRow {
  readonly shard: number;
  readonly name: string;
  readonly bucket: number;
  readonly total: string;
  readonly unrated: string;
  readonly affected: number;
  readonly peak: string;
  readonly rate: number | null;
  readonly data: Uint8Array;
}

/** ts.coverage or ts.coverage_hour, keyed "shard layout bucket". */
export async function storedCoverage({ db }: Store, resolution: Resolution) {
  const rows =
    resolution === "minute"
      ? await db.$queryRaw<CoverageRow[]>`
          SELECT shard, layout_id, date_part('epoch', bucket) * 1000 AS bucket, open, reporters,
                 covered_ms::float8 AS "coveredMs", NULL::bytea AS steady, data FROM ts.coverage`
      : await db.$queryRaw<CoverageRow[]>`
          SELECT shard, layout_id, date_part('epoch', bucket) * 1000 AS bucket, false AS open, reporters,
                 covered_ms::float8 AS "coveredMs", steady, data FROM ts.coverage_hour`;
  const layouts = new Map<number, string>();
  for (const { id, counterIds } of await db.layout.findMany()) {
    const counters = await db.counter.findMany({ where: { id: { in: counterIds } } });
    layouts.set(id, counterIds.map((one) => counters.find((counter) => counter.id === one)?.name).join(","));
  }
  return new Map(
    rows.map(({ shard, layout_id, bucket, data, steady: bits, ...sums }) => {
      const positions: Record<number, number> = {};
      const isSteady = (position: number) => (((bits?.[position >> 3] ?? 0) >> (position & 7)) & 1) === 1;
      const steady = [...Array(256).keys()].filter(isSteady).map((position) => shard * 256 + position);
      for (const { position, value } of decodePositions(data)) {
        positions[shard * 256 + position] = Number(value);
      }
      return [
        `${shard} ${layouts.get(layout_id)} ${Math.round(bucket)}`,
        { ...sums, steady, positions },
      ] as const;
    }),
  );
}

interface CoverageRow {
  readonly shard: number;
  readonly layout_id: number;
  readonly bucket: number;
  readonly open: boolean;
  readonly reporters: number;
  readonly coveredMs: number;
  readonly steady: Uint8Array | null;
  readonly data: Uint8Array;
}

/** ts.gauge_minute or ts.gauge_hour, keyed "shard gauge bucket". */
export async function storedGauges({ db }: Store, resolution: Resolution) {
  const rows =
    resolution === "minute"
      ? await db.$queryRaw<GaugeRow[]>`
          SELECT g.shard, c.name, date_part('epoch', g.bucket) * 1000 AS bucket, g.reporters, g."last"::text, g.data
          FROM ts.gauge_minute g JOIN counter c ON c.id = g.counter_id`
      : await db.$queryRaw<GaugeRow[]>`
          SELECT g.shard, c.name, date_part('epoch', g.bucket) * 1000 AS bucket, g.reporters, g."last"::text, g.data
          FROM ts.gauge_hour g JOIN counter c ON c.id = g.counter_id`;
  const buffer = new GaugeBuffer();
  return new Map(
    rows.map(({ shard, name, bucket, data, ...sums }) => {
      const positions: Positions = {};
      for (let index = 0; index < readGauges(data, buffer); index++) {
        positions[shard * 256 + (buffer.positions[index] ?? 0)] = [
          String(buffer.lastAt(index)),
          String(buffer.lowestAt(index)),
          String(buffer.highestAt(index)),
        ];
      }
      return [`${shard} ${name} ${Math.round(bucket)}`, { ...sums, positions }] as const;
    }),
  );
}

interface GaugeRow {
  readonly shard: number;
  readonly name: string;
  readonly bucket: number;
  readonly reporters: number;
  readonly last: string;
  readonly data: Uint8Array;
}

/** ts.listener_minute, keyed "namespace inode bucket". */
export async function storedListeners({ db }: Store) {
  const rows = await db.$queryRaw<ListenerRow[]>`
    SELECT m.namespace_id, l.inode, date_part('epoch', m.bucket) * 1000 AS bucket, m.samples,
           m.samples_full AS "samplesFull", m.peak_queue AS "peakQueue", m."limit", m.weight::float8 AS weight
    FROM ts.listener_minute m JOIN listener l ON l.id = m.listener_id AND l.namespace_id = m.namespace_id
    WHERE m.shard = m.namespace_id >> 8`;
  return new Map(
    rows.map(
      ({ namespace_id, inode, bucket, ...minute }) =>
        [`${namespace_id} ${inode} ${Math.round(bucket)}`, minute] as const,
    ),
  );
}

interface ListenerRow {
  readonly namespace_id: number;
  readonly inode: string;
  readonly bucket: number;
  readonly samples: number;
  readonly samplesFull: number;
  readonly peakQueue: number;
  readonly limit: number | null;
  readonly weight: number;
}
