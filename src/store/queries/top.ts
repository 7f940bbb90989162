import { addCounts, type Count, subtractCounts } from "../../protocol/count.ts";
import type { Db } from "../client.ts";
import type { Range } from "./range.ts";
import { forEachNamespace, partsOf, readCoverageRows, readIncreaseRows } from "./rollup-rows.ts";

export interface TopQuery {
  readonly counterId: number;
  readonly layoutIds: readonly number[];
  readonly event: boolean;
  /** Whole minutes. */
  readonly range: Range;
  readonly first: number;
  /** What a namespace is counted under (its host, or itself); null leaves it out. */
  readonly keyOf: (namespaceId: number) => number | null;
}

export interface RankedKey {
  readonly key: number;
  readonly increase: Count;
  /** Mean over the covered time, the namespaces of the key added up; null when no rate may be told. */
  readonly rate: number | null;
  /** Share of the increase of all that were ranked. */
  readonly share: number;
}

interface Sum {
  value: Count;
  unrated: Count;
}

const PART_STEP_MS = 60_000;

/** The keys whose counter grew most over a range, largest first; those that did not grow are not among them. */
export async function readTop(db: Db, query: TopQuery): Promise<RankedKey[]> {
  const byNamespace = new Map<number, Sum>();
  for (const part of partsOf(query.range, PART_STEP_MS)) {
    for (const row of await readIncreaseRows(db, query.counterId, part)) {
      forEachNamespace(row, (namespaceId, value, unrated) => {
        const sum = byNamespace.get(namespaceId);
        if (sum === undefined) byNamespace.set(namespaceId, { value, unrated });
        else {
          sum.value = addCounts(sum.value, value);
          sum.unrated = addCounts(sum.unrated, unrated);
        }
      });
    }
  }

  const byKey = new Map<number, Count>();
  let all: Count = 0;
  for (const [namespaceId, { value }] of byNamespace) {
    const key = query.keyOf(namespaceId);
    if (key === null) continue;
    byKey.set(key, addCounts(byKey.get(key) ?? 0, value));
    all = addCounts(all, value);
  }
  const ranked = [...byKey]
    .sort((a, b) => (a[1] < b[1] ? 1 : a[1] > b[1] ? -1 : a[0] - b[0]))
    .slice(0, query.first);
  const rates = await ratesOf(db, query, byNamespace, new Set(ranked.map(([key]) => key)));
  return ranked.map(([key, increase]) => ({
    key,
    increase,
    rate: rates.get(key) ?? null,
    share: Number(increase) / Number(all),
  }));
}

async function ratesOf(
  db: Db,
  query: TopQuery,
  increases: ReadonlyMap<number, Sum>,
  keys: ReadonlySet<number>,
): Promise<Map<number, number>> {
  const coveredMs = new Map<number, number>();
  for (const part of partsOf(query.range, PART_STEP_MS)) {
    for (const row of await readCoverageRows(db, query.layoutIds, part, query.event)) {
      forEachNamespace(row, (namespaceId, value) => {
        const key = query.keyOf(namespaceId);
        if (key === null || !keys.has(key)) return;
        coveredMs.set(namespaceId, (coveredMs.get(namespaceId) ?? 0) + Number(value));
      });
    }
  }
  const rates = new Map<number, number>();
  for (const [namespaceId, covered] of coveredMs) {
    const key = query.keyOf(namespaceId);
    if (key === null || covered === 0) continue;
    const { value, unrated } = increases.get(namespaceId) ?? { value: 0, unrated: 0 };
    const rate = (Number(subtractCounts(value, unrated)) * 1000) / covered;
    rates.set(key, (rates.get(key) ?? 0) + rate);
  }
  return rates;
}
