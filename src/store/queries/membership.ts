import { SHARD_SIZE } from "../codec/positions.ts";
import type { Groups } from "./groups.ts";

/** No group: the namespace is not asked for. */
export const NO_GROUP = -1;

/** The namespaces of one shard, by position. */
export interface ShardMembers {
  readonly shard: number;
  /** The group that each is in now, or NO_GROUP. */
  readonly group: Int32Array;
  /** What `hostInGroup` has found, or UNKNOWN. */
  readonly hosts: Int32Array;
}

const UNKNOWN = -1;

/**
 * Which group each namespace is in, as a reader goes through time. Typed arrays by shard, because this is asked
 * for every value that is read.
 */
export class Membership {
  readonly groupCount: number;
  readonly #groups: Groups | null;
  readonly #hostOf: (namespaceId: number) => number;
  readonly #shards = new Map<number, ShardMembers>();
  readonly #hostsInGroups = new Map<number, number>();
  #applied = 0;

  /**
   * @param groups null for one group of every namespace there is, known or not
   * @param hostOf the host of a namespace, or any negative number
   */
  constructor(groups: Groups | null, hostOf: (namespaceId: number) => number) {
    this.#groups = groups;
    this.#hostOf = hostOf;
    this.groupCount = groups?.labels.length ?? 1;
    for (const [namespaceId, group] of groups?.of ?? []) this.#put(namespaceId, group);
  }

  /**
   * One number from 0 for each host in each group: namespaces of a host that are together have the same. Found when
   * it is first asked for: most questions are not about hosts, and there may be ten thousand of them.
   */
  hostInGroup({ shard, group, hosts }: ShardMembers, position: number): number {
    const known = hosts[position] as number;
    if (known !== UNKNOWN) return known;
    const key = this.#hostOf(shard * SHARD_SIZE + position) * this.groupCount + (group[position] as number);
    let index = this.#hostsInGroups.get(key);
    if (index === undefined) {
      index = this.#hostsInGroups.size;
      this.#hostsInGroups.set(key, index);
    }
    hosts[position] = index;
    return index;
  }

  /** The members of a shard; null when none of it is asked for. */
  of(shard: number): ShardMembers | null {
    const known = this.#shards.get(shard);
    if (known !== undefined) return known;
    if (this.#groups !== null) return null;
    const members = this.#membersOf(shard);
    members.group.fill(0);
    return members;
  }

  /**
   * Goes on to a moment: the changes up to it take place, each told before it does.
   *
   * @param leaving called with the members and the position that go over
   */
  advance(to: number, leaving: (members: ShardMembers, position: number) => void): void {
    const changes = this.#groups?.changes ?? [];
    for (let next = changes[this.#applied]; next !== undefined && next.from <= to; ) {
      const members = this.#membersOf(next.namespaceId >> 8);
      leaving(members, next.namespaceId % SHARD_SIZE);
      this.#put(next.namespaceId, next.group);
      next = changes[++this.#applied];
    }
  }

  #put(namespaceId: number, group: number): void {
    const { group: groups, hosts } = this.#membersOf(namespaceId >> 8);
    groups[namespaceId % SHARD_SIZE] = group;
    hosts[namespaceId % SHARD_SIZE] = UNKNOWN;
  }

  #membersOf(shard: number): ShardMembers {
    let members = this.#shards.get(shard);
    if (members === undefined) {
      members = {
        shard,
        group: new Int32Array(SHARD_SIZE).fill(NO_GROUP),
        hosts: new Int32Array(SHARD_SIZE).fill(UNKNOWN),
      };
      this.#shards.set(shard, members);
    }
    return members;
  }
}

/** The shards that any namespace of the groups is in; null for all there are. */
export function shardsOf(groups: Groups | null): number[] | null {
  if (groups === null) return null;
  return [...new Set(Array.from(groups.of.keys(), (namespaceId) => namespaceId >> 8))];
}
