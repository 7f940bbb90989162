import DataLoader from "dataloader";
import { counterEntry } from "../catalog/catalog.ts";
import {
  type AttributedListener,
  type AttributionQuery,
  readAttributions,
} from "../store/queries/attribution.ts";
import { readListenerStats } from "../store/queries/listener-stats.ts";
import { listenerKey, readRecentFill } from "../store/queries/listeners.ts";
import type { Range } from "../store/queries/range.ts";
import { type AnswerBudget, shardCount } from "./answer-budget.ts";
import type { Sources } from "./context.ts";
import { knownCounter } from "./resolve-counter.ts";

/** A namespace over a range of whole minutes, as the loaders are asked for it. */
export function rangeKey(namespaceId: number, { from, to }: Range): string {
  return `${from} ${to} ${namespaceId}`;
}

/** The peak fill of a namespace's listeners in a range, by `listenerKey`; one whose limit was not seen is not in it. */
export function peakFillLoader(
  { db, now }: Sources,
  budget: AnswerBudget,
): DataLoader<string, ReadonlyMap<string, number>> {
  return byRange(async (range, namespaceIds) => {
    budget.takeScan({ range, shards: shardCount(namespaceIds), counters: 1 });
    const found: Found<number>[] = [];
    for (const { namespaceId, peakFill, ...listener } of await readListenerStats(db, {
      range,
      namespaceIds,
    })) {
      if (peakFill !== null) found.push({ namespaceId, key: listenerKey(listener), value: peakFill });
    }
    for (const [namespaceId, fill] of await readRecentFill(db, namespaceIds, range, now())) {
      for (const [key, value] of fill) found.push({ namespaceId, key, value });
    }
    return found;
  }, Math.max);
}

/** What is put down to the listeners of a namespace in a range, by `listenerKey`. */
export function attributionLoader(
  sources: Sources,
  budget: AnswerBudget,
): DataLoader<string, ReadonlyMap<string, AttributedListener>> {
  return byRange(async (range, namespaceIds) => {
    budget.takeScan({ range, shards: shardCount(namespaceIds), counters: ATTRIBUTION_TABLES });
    const query = { ...(await attributionCounters(sources)), range, namespaceIds, now: sources.now() };
    return (await readAttributions(sources.db, query)).map((value) => ({
      namespaceId: value.listener.namespaceId,
      key: listenerKey(value.listener),
      value,
    }));
  });
}

/** What an attribution reads: three counters, and what listeners did. */
export const ATTRIBUTION_TABLES = 4;

export type AttributionCounters = Pick<AttributionQuery, "listenDrops" | "embryonicRsts" | "deferAcceptDrop">;

/** The counters by which drops are attributed. */
export async function attributionCounters(sources: Sources): Promise<AttributionCounters> {
  const idOf = async (name: string) => (await knownCounter(sources, counterEntry(name))).counterId;
  return {
    listenDrops: await idOf("TcpExtListenDrops"),
    embryonicRsts: await idOf("TcpExtEmbryonicRsts"),
    deferAcceptDrop: await idOf("TcpExtTCPDeferAcceptDrop"),
  };
}

interface Found<T> {
  readonly namespaceId: number;
  readonly key: string;
  readonly value: T;
}

/** @param merge of two values of one listener */
function byRange<T>(
  read: (range: Range, namespaceIds: readonly number[]) => Promise<readonly Found<T>[]>,
  merge: (a: T, b: T) => T = (_a, b) => b,
): DataLoader<string, ReadonlyMap<string, T>> {
  return new DataLoader(async (keys: readonly string[]) => {
    const ranges = new Map<string, { range: Range; namespaceIds: number[] }>();
    for (const key of keys) {
      const [from = 0, to = 0, namespaceId = 0] = key.split(" ").map(Number);
      const name = `${from} ${to}`;
      const known = ranges.get(name);
      if (known === undefined) ranges.set(name, { range: { from, to }, namespaceIds: [namespaceId] });
      else known.namespaceIds.push(namespaceId);
    }
    const byKey = new Map(keys.map((key) => [key, new Map<string, T>()]));
    for (const { range, namespaceIds } of ranges.values()) {
      for (const { namespaceId, key, value } of await read(range, namespaceIds)) {
        const own = byKey.get(rangeKey(namespaceId, range));
        const known = own?.get(key);
        own?.set(key, known === undefined ? value : merge(known, value));
      }
    }
    return keys.map((key) => byKey.get(key) ?? new Map<string, T>());
  });
}
