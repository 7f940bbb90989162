import type { Db } from "../client.ts";

/** Namespaces of a shard that commits have touched: these, or any of them. */
export type Touched = ReadonlySet<number> | "all";

/** The marks of one minute of a shard. */
export interface MarkedMinute {
  /** Start of the minute, ms since 1970. */
  readonly minute: number;
  /** Ids of the marks of a minute that is over, as `deleteMarks` takes them; empty for one that is not. */
  readonly ids: string;
  /** Marks of a minute that is not over, above the id that was asked from. */
  readonly open: readonly OpenMark[];
}

interface OpenMark {
  readonly id: number;
  readonly namespaces: readonly number[] | "any";
}

export interface Marks {
  /** By minute. */
  readonly minutes: readonly MarkedMinute[];
  /** There are more of minutes that are over than were read. */
  readonly more: boolean;
}

/** Which minutes are which, by where they begin; ms since 1970. */
export interface MarkBounds {
  /** Those from here on are the newest that are over: all of their marks are read, however many others wait. */
  readonly newestFrom: number;
  /** Those from here on are not over. */
  readonly openFrom: number;
}

/**
 * Reads the marks of a shard, one row for each minute, as there may be hundreds for one: of minutes that are over
 * up to `limit`, oldest first, but for the newest, of which all are read, as are those of minutes that are not over.
 * The latter stay where they are until their minute is over, and must keep nobody from seeing the others.
 *
 * @param above of minutes that are not over, what marks with higher ids touch
 */
export async function readMarks(
  db: Db,
  shard: number,
  limit: number,
  { newestFrom, openFrom }: MarkBounds,
  above = 0,
): Promise<Marks> {
  const rows = await db.$queryRaw<
    { minute: number; older: number; ids: string | null; open: string | null }[]
  >`
    SELECT date_part('epoch', minute) * 1000 AS minute,
           count(*) FILTER (WHERE minute < to_timestamp(${newestFrom / 1000}::float8))::int AS older,
           string_agg(id::text, ',') FILTER (WHERE NOT is_open) AS ids,
           string_agg(id || ':' || coalesce(array_to_string(namespaces, ','), 'any'), ';')
             FILTER (WHERE is_open AND id > ${above}::bigint) AS open
    FROM (
      (SELECT id, minute, namespaces, false AS is_open FROM ts.mark
       WHERE shard = ${shard} AND minute < to_timestamp(${newestFrom / 1000}::float8) ORDER BY id LIMIT ${limit})
      UNION ALL
      SELECT id, minute, namespaces, minute >= to_timestamp(${openFrom / 1000}::float8) FROM ts.mark
      WHERE shard = ${shard} AND minute >= to_timestamp(${newestFrom / 1000}::float8)
    ) m
    GROUP BY minute ORDER BY minute`;
  const minutes = rows.map(({ minute, ids, open }) => ({
    minute: Math.round(minute),
    ids: ids ?? "",
    open: open === null ? [] : open.split(";").map(parseOpenMark),
  }));
  return { minutes, more: rows.reduce((sum, { older }) => sum + older, 0) >= limit };
}

function parseOpenMark(text: string): OpenMark {
  const [id = "", namespaces = "any"] = text.split(":");
  return { id: Number(id), namespaces: namespaces === "any" ? "any" : namespaces.split(",").map(Number) };
}

/** Deletes exactly these marks. @param ids as `MarkedMinute.ids`; several are joined by a comma */
export async function deleteMarks(db: Db, shard: number, ids: string): Promise<void> {
  await db.$executeRaw`
    DELETE FROM ts.mark WHERE shard = ${shard} AND id = ANY(string_to_array(${ids}, ',')::bigint[])`;
}

interface SeenOfShard {
  /** Open minutes that this process has rolled up. */
  readonly minutes: ReadonlySet<number>;
  /** Marks up to here are taken as seen ... */
  readonly floor: number;
  /** ... and these above it. */
  readonly ids: ReadonlySet<number>;
  readonly highest: number;
  readonly settled: number;
}

/**
 * The marks of open minutes that this process has already rolled up, so that a tick computes only the namespaces
 * that were touched since. An optimisation: a process that has seen nothing computes all, and a minute that has
 * closed is computed whole whatever was seen.
 *
 * A commit may show a mark after one with a higher id. So marks are read from the highest id of the run before
 * the last one; one that takes even longer to show waits for the next mark of its namespace.
 */
export class SeenMarks {
  readonly #shards = new Map<number, SeenOfShard>();

  /** The id above which marks of open minutes have to be read. */
  floor(shard: number): number {
    return this.#shards.get(shard)?.floor ?? 0;
  }

  /** What the marks of an open minute touch that was not seen. */
  unseen(shard: number, { minute, open }: MarkedMinute): Touched {
    const seen = this.#shards.get(shard);
    if (seen === undefined || !seen.minutes.has(minute)) return "all";
    const touched = new Set<number>();
    for (const { id, namespaces } of open) {
      if (seen.ids.has(id)) continue;
      if (namespaces === "any") return "all";
      for (const namespace of namespaces) touched.add(namespace);
    }
    return touched;
  }

  /** Whether this process has not moved the shard's `settled` up to the minute that is not over. */
  settlesLater(shard: number, openFrom: number): boolean {
    return (this.#shards.get(shard)?.settled ?? 0) < openFrom;
  }

  /**
   * Takes note of what a run has done. Call it when the run is committed.
   *
   * @param minutes the open minutes with their marks
   * @param settled up to where the run has settled the shard
   */
  note(shard: number, minutes: readonly MarkedMinute[], settled: number): void {
    const before = this.#shards.get(shard);
    const floor = before?.highest ?? 0;
    const ids = new Set<number>();
    let highest = floor;
    for (const { open } of minutes) {
      for (const { id } of open) {
        if (id > floor) ids.add(id);
        highest = Math.max(highest, id);
      }
    }
    const rolled = new Set(minutes.map(({ minute }) => minute));
    this.#shards.set(shard, { minutes: rolled, floor, ids, highest, settled });
  }
}
