import { SHARD_SIZE } from "../codec/positions.ts";
import type { Groups } from "./groups.ts";

/** No group: the namespace is not asked for. */
export const NO_GROUP = -1;

/** The namespaces of one shard, by position. */
export interface ShardMembers {
  readonly shard: number;
  /** The group that each is in now, or NO_GROUP. */
  readonly group: Int32Array;
  /** One number for each host in each group: namespaces of a host that are together have the same. */
  readonly hostInGroup: Int32Array;
}

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

  /** How many hosts in groups there are so far; `hostInGroup` is below it. */
  get hostsInGroups(): number {
    return this.#hostsInGroups.size;
  }

  /** The members of a shard; null when none of it is asked for. */
  of(shard: number): ShardMembers | null {
    const known = this.#shards.get(shard);
    if (known !== undefined) return known;
    if (this.#groups !== null) return null;
    for (let position = 0; position < SHARD_SIZE; position++) this.#put(shard * SHARD_SIZE + position, 0);
    return this.#shards.get(shard) ?? null;
  }

  /**
   * Goes on to a moment: the changes up to it take place, each told before it does.
   *
   * @param leaving called with the members and the position that go over
   */
  advance(to: number, leaving: (members: ShardMembers, position: number) => void): void {
    const changes = this.#groups?.changes ?? [];
    for (let next = changes[this.#applied]; next !== undefined && next.from <= to; ) {
      const members = this.#membersOf(next.namespaceId);
      leaving(members, next.namespaceId % SHARD_SIZE);
      this.#put(next.namespaceId, next.group);
      next = changes[++this.#applied];
    }
  }

  #put(namespaceId: number, group: number): void {
    const members = this.#membersOf(namespaceId);
    const position = namespaceId % SHARD_SIZE;
    members.group[position] = group;
    const key = this.#hostOf(namespaceId) * this.groupCount + group;
    let index = this.#hostsInGroups.get(key);
    if (index === undefined) {
      index = this.#hostsInGroups.size;
      this.#hostsInGroups.set(key, index);
    }
    members.hostInGroup[position] = index;
  }

  #membersOf(namespaceId: number): ShardMembers {
    const shard = namespaceId >> 8;
    let members = this.#shards.get(shard);
    if (members === undefined) {
      members = {
        shard,
        group: new Int32Array(SHARD_SIZE).fill(NO_GROUP),
        hostInGroup: new Int32Array(SHARD_SIZE),
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
