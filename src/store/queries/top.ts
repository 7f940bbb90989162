import { addCounts, type Count, subtractCounts } from "../../protocol/count.ts";
import type { Db } from "../client.ts";
import { positionAt, SHARD_SIZE } from "../codec/positions.ts";
import type { Fleet } from "../fleet-view.ts";
import { rootBeside } from "./host-time.ts";
import { forEachRow, NamespaceSums, partsOfSegments } from "./namespace-sums.ts";
import type { Range } from "./range.ts";
import { clipSegments, planSegments, type Segment } from "./resolution.ts";
import { BUCKET_MS, type Reporters, readCoverageRows } from "./rollup-rows.ts";

export interface TopQuery {
  readonly counterId: number;
  readonly reporters: Reporters;
  /** Whole minutes. */
  readonly range: Range;
  readonly first: number;
  /** What a namespace is counted under (its host, or itself); null leaves it out. */
  readonly keyOf: (namespaceId: number) => number | null;
  readonly fleet: Pick<Fleet, "ownerOf" | "namespacesOf">;
  /** ms since 1970 */
  readonly now: number;
}

export interface RankedKey {
  readonly key: number;
  readonly increase: Count;
  /**
   * Mean over the covered time, of a container that of its host, the namespaces of the key added up; null when no rate
   * may be told.
   */
  readonly rate: number | null;
  /** Share of the increase of all that were ranked. */
  readonly share: number;
}

/** Rows of coverage held at once. */
const ROWS_PER_PART = 8_000;

/** The keys whose counter grew most over a range, largest first; those that did not grow are not among them. */
export async function readTop(db: Db, query: TopQuery): Promise<RankedKey[]> {
  const { counterId, range, now, keyOf, first } = query;
  const segments = await planSegments(db, { range, hours: true, now });
  const sums = new NamespaceSums();
  await forEachRow(db, { counterIds: [counterId], segments, shards: null }, (row) => sums.add(row));

  const byKey = new Map<number, Count>();
  let all: Count = 0;
  for (const { namespaceId, value } of sums.entries()) {
    const key = keyOf(namespaceId);
    if (key === null) continue;
    byKey.set(key, addCounts(byKey.get(key) ?? 0, value));
    all = addCounts(all, value);
  }
  const ranked = [...byKey]
    .sort((a, b) => (a[1] < b[1] ? 1 : a[1] > b[1] ? -1 : a[0] - b[0]))
    .slice(0, first);
  const rates = await ratesOf(db, query, segments, sums, new Set(ranked.map(([key]) => key)));
  return ranked.map(([key, increase]) => ({
    key,
    increase,
    rate: rates.get(key) ?? null,
    share: Number(increase) / Number(all),
  }));
}

/** Rates of the keys that are shown, from the coverage of their shards alone: what did not grow adds no rate. */
async function ratesOf(
  db: Db,
  { reporters, keyOf, fleet }: TopQuery,
  segments: readonly Segment[],
  sums: NamespaceSums,
  keys: ReadonlySet<number>,
): Promise<Map<number, number>> {
  const shown = [...sums.entries()].flatMap(({ namespaceId, value, unrated }) => {
    const key = keyOf(namespaceId);
    return key !== null && keys.has(key)
      ? [
          {
            namespaceId,
            key,
            rated: Number(subtractCounts(value, unrated)),
            root: rootBeside(fleet, namespaceId),
          },
        ]
      : [];
  });
  const covered = await coveredMs(
    db,
    reporters,
    segments,
    shown.flatMap(({ namespaceId, root }) => (root === null ? [namespaceId] : [namespaceId, root])),
  );
  const rates = new Map<number, number>();
  for (const { namespaceId, key, rated, root } of shown) {
    const ms = covered.get(namespaceId) ?? 0;
    const hostMs = root === null ? 0 : (covered.get(root) ?? 0);
    if (ms > 0) rates.set(key, (rates.get(key) ?? 0) + (rated * 1000) / Math.max(ms, hostMs));
  }
  return rates;
}

/** How long each of some namespaces was covered. */
async function coveredMs(
  db: Db,
  reporters: Reporters,
  segments: readonly Segment[],
  namespaceIds: readonly number[],
): Promise<Map<number, number>> {
  const covered = new Map(namespaceIds.map((id) => [id, 0]));
  if (namespaceIds.length === 0) return covered;
  const byShard = new Map<number, number[]>();
  for (const id of covered.keys()) {
    const own = byShard.get(id >> 8);
    if (own === undefined) byShard.set(id >> 8, [id]);
    else own.push(id);
  }
  const shards = [...byShard.keys()];
  const buckets = segments.reduce((sum, { of, from, to }) => sum + (to - from) / BUCKET_MS[of], 0);
  for (const part of partsOfSegments(segments, ROWS_PER_PART / (buckets * shards.length))) {
    const within = clipSegments(segments, part);
    for (const { shard, data } of await readCoverageRows(db, reporters, within, shards)) {
      for (const id of byShard.get(shard) ?? []) {
        covered.set(id, (covered.get(id) ?? 0) + positionAt(data, id % SHARD_SIZE));
      }
    }
  }
  return covered;
}
