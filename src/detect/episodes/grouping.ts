import type { Cause } from "../diagnosis/cause.ts";
import { isFleetWide } from "../fleet-wide.ts";
import { type Episode, hostsOf } from "./episode.ts";
import { dedupKey, type Scope } from "./key.ts";
import { type Family, familyOf, TOGETHER_MS } from "./policy.ts";

/** Every host: the group of those that fall silent, whatever their role. */
export const ALL_HOSTS = "*";

/** Episodes that make one incident. */
export interface Group {
  readonly key: string;
  readonly scope: Scope;
  /** Of most of the episodes. */
  readonly cause: Cause;
  /** Of the listener; null in a group of many, whose ports may differ. */
  readonly port: number | null;
  readonly episodes: readonly Episode[];
}

/** The role, or all hosts, with which an episode may be one incident; null where it is its host's in each case. */
function ofWhom({ cause, role }: Pick<Episode, "cause" | "role">): string | null {
  return cause === "HOST_SILENT" ? ALL_HOSTS : role;
}

/** What episodes have in common that may be one incident; of one that is always its host's, its own. */
export function groupName(episode: Episode): string {
  const family = familyOf(episode.cause);
  const of = ofWhom(episode);
  return JSON.stringify(of === null ? [episode.subject, family, episode.port, null] : [of, family]);
}

/** The key of the incident that an episode is in by itself. */
export function hostKey({ subject, cause, port }: Episode): string {
  return dedupKey({ kind: "host", of: subject }, familyOf(cause), port);
}

/** The key of the one that it is in with others; null where there is none. */
export function fleetKey(episode: Episode): string | null {
  const of = ofWhom(episode);
  return of === null ? null : dedupKey({ kind: "fleet", of }, familyOf(episode.cause), null);
}

/**
 * Puts episodes together: those of one role and family of causes are one fleet-wide incident when they are of 20 % of the
 * role and at least five hosts, and began within two minutes; otherwise each is an incident of its host. Pending
 * episodes count, so that a fault of many is one incident from its first moment and not first a dozen of hosts. A
 * fleet-wide incident that is open stays one until all of it is over, and one of a whole role is one from the start.
 *
 * Silence is grouped over all hosts: when a fifth of a fleet falls silent at once, it is the service's own ingest, or what
 * these hosts have in common. It stays one while it is so many: the few that do not come back are down by themselves.
 *
 * @param all episodes that are pending or on
 * @param sizes hosts of each role, and of all under `*`
 * @param openKeys keys of the fleet-wide incidents that are open
 */
export function groupEpisodes(
  all: readonly Episode[],
  sizes: ReadonlyMap<string, number>,
  openKeys: Pick<ReadonlySet<string>, "has">,
): Group[] {
  const families = new Map<string, { scope: Scope; family: Family; episodes: Episode[]; isWhole: boolean }>();
  const groups: Group[] = [];
  for (const episode of all) {
    const of = ofWhom(episode);
    if (of === null) {
      groups.push(...hostGroups([episode]));
      continue;
    }
    const scope = { kind: "fleet", of } as const;
    const family = familyOf(episode.cause);
    const name = `${family} ${of}`;
    const known = families.get(name) ?? { scope, family, episodes: [], isWhole: false };
    families.set(name, known);
    known.episodes.push(episode);
    known.isWhole ||= episode.hosts !== undefined;
  }
  for (const { scope, family, episodes, isWhole } of families.values()) {
    const key = dedupKey(scope, family, null);
    const size = sizes.get(scope.of) ?? 0;
    const goesOn = openKeys.has(key) && (scope.of !== ALL_HOSTS || isFleetWide(hostsIn(episodes), size));
    const isFleet = isWhole || goesOn || isFleetWide(mostTogether(episodes), size);
    if (isFleet) groups.push({ key, scope, cause: mostOften(episodes), port: null, episodes });
    else groups.push(...hostGroups(episodes));
  }
  return groups;
}

function hostGroups(episodes: readonly Episode[]): Group[] {
  return episodes.map((episode) => {
    const scope = { kind: "host", of: episode.subject } as const;
    const { cause, port } = episode;
    return { key: hostKey(episode), scope, cause, port, episodes: [episode] };
  });
}

function hostsIn(episodes: readonly Episode[]): number {
  return new Set(episodes.flatMap(hostsOf)).size;
}

function mostOften(episodes: readonly Episode[]): Cause {
  const counts = new Map<Cause, number>();
  for (const { cause } of episodes) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return (sorted[0] as [Cause, number])[0];
}

/** The most hosts whose episodes began within two minutes of each other. */
function mostTogether(episodes: readonly Episode[]): number {
  const sorted = episodes.toSorted((a, b) => a.since - b.since);
  const within = new Map<string, number>();
  let most = 0;
  for (let last = 0, first = 0; last < sorted.length; last++) {
    const newest = sorted[last] as Episode;
    within.set(newest.host, (within.get(newest.host) ?? 0) + 1);
    for (; newest.since - (sorted[first] as Episode).since > TOGETHER_MS; first++) {
      const { host } = sorted[first] as Episode;
      const left = (within.get(host) as number) - 1;
      if (left === 0) within.delete(host);
      else within.set(host, left);
    }
    most = Math.max(most, within.size);
  }
  return most;
}
