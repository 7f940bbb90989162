import DataLoader from "dataloader";
import { UnreadableError, withoutUnreadable } from "../store/history/unreadable.ts";
import { type HostSeries, type HostSeriesQuery, readSeriesOfHosts } from "../store/queries/host-series.ts";
import type { Sources } from "./context.ts";

/** The rates of one host from its raw snapshots. */
export interface HostSeriesAsked {
  readonly namespaceIds: readonly number[];
  readonly query: HostSeriesQuery;
}

/** The series of hosts, those of a page read together. */
export type HostSeriesLoader = DataLoader<HostSeriesAsked, HostSeries[]>;

/** Hosts read together at most: what is held at once is two hours of each. */
const TOGETHER_MAX = 32;

export function hostSeriesLoader({ db, reader }: Pick<Sources, "db" | "reader">): HostSeriesLoader {
  return new DataLoader<HostSeriesAsked, HostSeries[]>(
    async (asked) => {
      const found = new Map<HostSeriesAsked, HostSeries[] | UnreadableError>();
      for (const members of batchesOf(asked)) {
        const [first] = members;
        if (first === undefined) continue;
        // A host that cannot be read keeps no other of its page from being shown.
        await withoutUnreadable(async (without) => {
          const readable: HostSeriesAsked[] = [];
          for (const member of members) {
            const why = member.namespaceIds.flatMap((id) => without.get(id) ?? [])[0];
            if (why === undefined) readable.push(member);
            else found.set(member, new UnreadableError([why]));
          }
          const hosts = readable.map(({ namespaceIds }) => namespaceIds);
          const series = await readSeriesOfHosts(reader, db, hosts, first.query);
          readable.forEach((member, index) => {
            found.set(member, series[index] ?? []);
          });
        });
      }
      return asked.map((one) => found.get(one) ?? []);
    },
    { cache: false },
  );
}

/** The same question of several hosts together; a namespace that is asked for twice, in two batches. */
function batchesOf(asked: readonly HostSeriesAsked[]): HostSeriesAsked[][] {
  const batches = new Map<string, { readonly members: HostSeriesAsked[]; readonly ids: Set<number> }[]>();
  for (const one of asked) {
    const key = JSON.stringify(one.query);
    const alike = batches.get(key) ?? [];
    batches.set(key, alike);
    let batch = alike.find(
      ({ members, ids }) => members.length < TOGETHER_MAX && !one.namespaceIds.some((id) => ids.has(id)),
    );
    if (batch === undefined) {
      batch = { members: [], ids: new Set() };
      alike.push(batch);
    }
    batch.members.push(one);
    for (const id of one.namespaceIds) batch.ids.add(id);
  }
  return [...batches.values()].flatMap((alike) => alike.map(({ members }) => members));
}
