import { Prisma } from "../../generated/prisma/client.ts";
import { POSITIONS } from "../../rates/shard-sums.ts";
import type { Layout } from "../../rates/snapshot.ts";
import type { Db } from "../client.ts";
import { GaugeBuffer, readGauges } from "../codec/gauges.ts";
import { PositionBuffer, readPositions } from "../codec/positions.ts";
import type { Span } from "../history/record.ts";
import type { LayoutCache } from "../layouts.ts";

/** What the namespaces of a shard did in a minute or an hour, as columns of 256 positions (src/detect/columns.ts). */
export interface ShardColumns {
  /** Its start, ms since 1970. */
  readonly at: number;
  readonly ratedMs: Float64Array;
  /** By full name: increases over rated intervals, NaN at a position whose kernel lacks the counter. */
  readonly increases: ReadonlyMap<string, Float64Array>;
  /** By full name: the last values of a minute, the lowest of an hour; NaN at a position that showed none. */
  readonly gauges: ReadonlyMap<string, Float64Array>;
}

/** Full names of what is read. */
export interface WantedColumns {
  readonly counters: readonly string[];
  readonly gauges: readonly string[];
}

interface Row {
  readonly kind: "coverage" | "counter" | "gauge";
  /** Start of the minute or hour, ms since 1970. */
  readonly at: number;
  /** Of the layout, or of the counter. */
  readonly id: number;
  readonly data: Uint8Array;
}

const positions = new PositionBuffer();
const gauges = new GaugeBuffer();
/** Of a counter that no kernel was ever seen to have. */
const LACKING = new Float64Array(POSITIONS).fill(Number.NaN);

/** Where columns are read from, and which of its values stands for a gauge. */
interface Source {
  readonly coverage: Prisma.Sql;
  readonly counters: Prisma.Sql;
  readonly gauges: Prisma.Sql;
  readonly gauge: "last" | "lowest";
}

const MINUTES: Source = {
  coverage: Prisma.sql`ts.coverage`,
  counters: Prisma.sql`ts.rollup_minute`,
  gauges: Prisma.sql`ts.gauge_minute`,
  gauge: "last",
};
const HOURS: Source = {
  coverage: Prisma.sql`ts.coverage_hour`,
  counters: Prisma.sql`ts.rollup_hour`,
  gauges: Prisma.sql`ts.gauge_hour`,
  gauge: "lowest",
};

/** The minutes of a span in which anyone reported, oldest first; of one that is not over, its event counters. */
export function readShardMinutes(
  db: Db,
  layouts: LayoutCache,
  shard: number,
  span: Span,
  wanted: WantedColumns,
): Promise<ShardColumns[]> {
  return readColumns(db, layouts, MINUTES, shard, span, wanted);
}

/** The same of hours that are summed up. */
export function readShardHours(
  db: Db,
  layouts: LayoutCache,
  shard: number,
  span: Span,
  wanted: WantedColumns,
): Promise<ShardColumns[]> {
  return readColumns(db, layouts, HOURS, shard, span, wanted);
}

async function readColumns(
  db: Db,
  layouts: LayoutCache,
  source: Source,
  shard: number,
  { from, to }: Span,
  wanted: WantedColumns,
): Promise<ShardColumns[]> {
  const counterNames = await namesById(db, layouts, wanted.counters);
  const found = new Set(counterNames.values());
  const unknown = wanted.counters.filter((name) => !found.has(name));
  const gaugeNames = await namesById(db, layouts, wanted.gauges);
  // One statement: a bucket is replaced as a whole, and is to be seen as a whole.
  const rows = await db.$queryRaw<Row[]>`
    SELECT 'coverage' AS kind, date_part('epoch', bucket) * 1000 AS at, layout_id AS id, data FROM ${source.coverage}
    WHERE shard = ${shard} AND bucket >= to_timestamp(${from / 1000}::float8) AND bucket < to_timestamp(${to / 1000}::float8)
    UNION ALL
    SELECT 'counter', date_part('epoch', bucket) * 1000, counter_id, data FROM ${source.counters}
    WHERE shard = ${shard} AND bucket >= to_timestamp(${from / 1000}::float8) AND bucket < to_timestamp(${to / 1000}::float8)
      AND counter_id = ANY(${[...counterNames.keys()]}::int[])
    UNION ALL
    SELECT 'gauge', date_part('epoch', bucket) * 1000, counter_id, data FROM ${source.gauges}
    WHERE shard = ${shard} AND bucket >= to_timestamp(${from / 1000}::float8) AND bucket < to_timestamp(${to / 1000}::float8)
      AND counter_id = ANY(${[...gaugeNames.keys()]}::int[])`;
  const covering = rows.filter(({ kind }) => kind === "coverage");
  const known = await layouts.load(db, new Set(covering.map(({ id }) => id)));
  const buckets = new Map<number, Row[]>();
  for (const row of rows) {
    const at = Math.round(row.at);
    const own = buckets.get(at);
    if (own === undefined) buckets.set(at, [row]);
    else own.push(row);
  }
  return [...buckets]
    .filter(([, own]) => own.some(({ kind }) => kind === "coverage"))
    .sort(([a], [b]) => a - b)
    .map(([at, own]) => ({
      at,
      ratedMs: ratedOf(own),
      increases: increasesOf(own, counterNames, unknown, known),
      gauges: gaugesOf(own, gaugeNames, source.gauge),
    }));
}

async function namesById(
  db: Db,
  layouts: LayoutCache,
  names: readonly string[],
): Promise<Map<number, string>> {
  const ids = new Map<number, string>();
  for (const name of names) {
    const id = await layouts.counterId(db, name);
    if (id !== null) ids.set(id, name);
  }
  return ids;
}

function ratedOf(rows: readonly Row[]): Float64Array {
  const ratedMs = new Float64Array(POSITIONS);
  for (const { kind, data } of rows) {
    if (kind !== "coverage") continue;
    for (let index = 0, count = readPositions(data, positions); index < count; index++) {
      const position = positions.positions[index] as number;
      ratedMs[position] = (ratedMs[position] as number) + (positions.values[index] as number);
    }
  }
  return ratedMs;
}

function increasesOf(
  rows: readonly Row[],
  names: ReadonlyMap<number, string>,
  unknown: readonly string[],
  layouts: ReadonlyMap<number, Layout>,
): Map<string, Float64Array> {
  const columns = lackingColumns(rows, names, layouts);
  for (const name of unknown) columns.set(name, LACKING);
  for (const { kind, id, data } of rows) {
    const name = names.get(id);
    if (kind !== "counter" || name === undefined) continue;
    const column = columnOf(columns, name);
    for (let index = 0, count = readPositions(data, positions); index < count; index++) {
      column[positions.positions[index] as number] =
        (positions.values[index] as number) - (positions.unrated[index] as number);
    }
  }
  return columns;
}

/** Columns of the counters that some position's kernel lacks: NaN there, unless it also reported with one that has it. */
function lackingColumns(
  rows: readonly Row[],
  names: ReadonlyMap<number, string>,
  layouts: ReadonlyMap<number, Layout>,
): Map<string, Float64Array> {
  const covering = rows.filter(({ kind }) => kind === "coverage");
  const columns = new Map<string, Float64Array>();
  for (const [counterId, name] of names) {
    const has = ({ id }: Row) => layouts.get(id)?.counterIds.includes(counterId) === true;
    const lacking = covering.filter((row) => !has(row));
    if (lacking.length === 0) continue;
    const column = columnOf(columns, name);
    for (const row of lacking) fill(column, row.data, Number.NaN);
    for (const row of covering) if (has(row)) fill(column, row.data, 0);
  }
  return columns;
}

function fill(column: Float64Array, data: Uint8Array, value: number): void {
  const count = readPositions(data, positions);
  for (let index = 0; index < count; index++) column[positions.positions[index] as number] = value;
}

function gaugesOf(
  rows: readonly Row[],
  names: ReadonlyMap<number, string>,
  which: Source["gauge"],
): Map<string, Float64Array> {
  const columns = new Map<string, Float64Array>();
  for (const { kind, id, data } of rows) {
    const name = names.get(id);
    if (kind !== "gauge" || name === undefined) continue;
    const column = new Float64Array(POSITIONS).fill(Number.NaN);
    for (let index = 0, count = readGauges(data, gauges); index < count; index++) {
      column[gauges.positions[index] as number] = gauges[which][index] as number;
    }
    columns.set(name, column);
  }
  return columns;
}

function columnOf(columns: Map<string, Float64Array>, name: string): Float64Array {
  let column = columns.get(name);
  if (column === undefined) {
    column = new Float64Array(POSITIONS);
    columns.set(name, column);
  }
  return column;
}
