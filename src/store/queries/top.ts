import { addCounts, type Count, subtractCounts } from "../../protocol/count.ts";
import type { Db } from "../client.ts";
import type { Range } from "./range.ts";
import { readCoverageByNamespace, readIncreasesByNamespace } from "./rollup-rows.ts";

export interface TopQuery {
  readonly counterId: number;
  readonly layoutIds: readonly number[];
  readonly event: boolean;
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

/** The keys whose counter grew most over a range of whole minutes, largest first; those that did not grow are not among them. */
export async function readTop(db: Db, query: TopQuery): Promise<RankedKey[]> {
  const byNamespace = new Map<number, Sum>();
  for (const row of await readIncreasesByNamespace(db, query.counterId, query.range)) {
    const sum = byNamespace.get(row.namespaceId) ?? { value: 0, unrated: 0 };
    sum.value = addCounts(sum.value, row.value);
    sum.unrated = addCounts(sum.unrated, row.unrated);
    byNamespace.set(row.namespaceId, sum);
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
  for (const row of await readCoverageByNamespace(db, query.layoutIds, query.range, query.event)) {
    const key = query.keyOf(row.namespaceId);
    if (key === null || !keys.has(key)) continue;
    coveredMs.set(row.namespaceId, (coveredMs.get(row.namespaceId) ?? 0) + Number(row.value));
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
