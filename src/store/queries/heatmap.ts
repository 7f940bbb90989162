import type { Db } from "../client.ts";
import type { Groups } from "./groups.ts";
import { readTop } from "./top.ts";
import { readTrend, type TrendQuery } from "./trend.ts";

export interface HeatmapQuery
  extends Pick<TrendQuery, "counterId" | "reporters" | "range" | "grid" | "fleet" | "now"> {
  readonly first: number;
  /** Ids of the hosts that are meant. */
  readonly hosts: ReadonlySet<number>;
}

export interface HeatmapRow {
  readonly hostId: number;
  /** The increase in each step; null where the host did not report. */
  readonly values: readonly (number | null)[];
}

/** The course of a counter on each of the hosts on which it grew most, worst first. */
export async function readHeatmap(db: Db, query: HeatmapQuery): Promise<HeatmapRow[]> {
  const { fleet, hosts } = query;
  const worst = await readTop(db, {
    ...query,
    keyOf: (namespaceId) => {
      const hostId = fleet.ownerOf.get(namespaceId);
      return hostId !== undefined && hosts.has(hostId) ? hostId : null;
    },
  });
  if (worst.length === 0) return [];
  const trends = await readTrend(db, {
    ...query,
    measure: "INCREASE",
    groups: hostsApart(
      fleet,
      worst.map(({ key }) => key),
    ),
  });
  return worst.map(({ key }, index) => ({ hostId: key, values: trends[index]?.values ?? [] }));
}

/** Each host as a group of its own. */
function hostsApart({ ownerOf }: Pick<TrendQuery["fleet"], "ownerOf">, hostIds: readonly number[]): Groups {
  const groupOf = new Map(hostIds.map((hostId, group) => [hostId, group]));
  const of = new Map<number, number>();
  for (const [namespaceId, hostId] of ownerOf) {
    const group = groupOf.get(hostId);
    if (group !== undefined) of.set(namespaceId, group);
  }
  return { labels: hostIds.map(() => ({})), of, changes: [] };
}
