import { PositionBuffer, positionAt, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import { FIRST_OTHER_NAMESPACE, isRoot } from "../directory.ts";
import type { Fleet } from "../fleet-view.ts";
import type { Groups } from "./groups.ts";
import type { PackedRow } from "./packed-rows.ts";

/** Shards from here on hold other namespaces than the roots, of which each host has one. */
export const FIRST_OTHER_SHARD = FIRST_OTHER_NAMESPACE >> 8;

/**
 * The root namespace of the host that a container's is on; null for a root itself, and where the host is not known.
 *
 * A container may live for a small part of a step, and be followed by the next. The rates of those would add up to more
 * than their host ever did, were each told over its own time: so they are told over the time that the host was covered,
 * which is its root's.
 */
export function rootBeside(
  { ownerOf, namespacesOf }: Pick<Fleet, "ownerOf" | "namespacesOf">,
  namespaceId: number,
): number | null {
  if (isRoot(namespaceId)) return null;
  const root = namespacesOf.get(ownerOf.get(namespaceId) ?? -1)?.[0]?.id;
  return root !== undefined && isRoot(root) ? root : null;
}

/** The same where it is among those asked for. @param groups null for everybody */
export function rootAsked(
  fleet: Pick<Fleet, "ownerOf" | "namespacesOf">,
  groups: Groups | null,
  namespaceId: number,
): number | null {
  const root = rootBeside(fleet, namespaceId);
  return root === null || (groups !== null && !groups.of.has(root)) ? null : root;
}

/** How long the hosts of containers were covered in a step. Coverage comes in the order of time. */
export class HostTime {
  readonly #fleet: Pick<Fleet, "ownerOf" | "namespacesOf">;
  readonly #groups: Groups | null;
  /** Of roots, by shard. */
  readonly #coveredMs = new Map<number, Float64Array>();
  /** By container that went over to another group in the step: what was covered of its host before, to be left out. */
  readonly #before = new Map<number, number>();
  readonly #buffer = new PositionBuffer();

  /** @param groups null for everybody; of a container whose root is in none of them nothing is known */
  constructor(fleet: Pick<Fleet, "ownerOf" | "namespacesOf">, groups: Groups | null) {
    this.#fleet = fleet;
    this.#groups = groups;
  }

  /** The root whose time a container's rate is told over; null for its own. */
  rootOf(namespaceId: number): number | null {
    return rootAsked(this.#fleet, this.#groups, namespaceId);
  }

  /** @param only positions to look at; null for all */
  add({ shard, data }: PackedRow, only: Iterable<number> | null): void {
    if (shard >= FIRST_OTHER_SHARD) return;
    let coveredMs = this.#coveredMs.get(shard);
    if (coveredMs === undefined) {
      coveredMs = new Float64Array(SHARD_SIZE);
      this.#coveredMs.set(shard, coveredMs);
    }
    if (only !== null) {
      for (const position of only) (coveredMs[position] as number) += positionAt(data, position);
      return;
    }
    const count = readPositions(data, this.#buffer);
    const { positions, values } = this.#buffer;
    for (let index = 0; index < count; index++) {
      (coveredMs[positions[index] as number] as number) += values[index] as number;
    }
  }

  /** How long the host of a container was covered in the step, while the container was in the group that it is in. */
  of(namespaceId: number): number {
    return this.#sinceStart(namespaceId) - (this.#before.get(namespaceId) ?? 0);
  }

  /** A container goes over to another group: its host's time begins anew. @returns what `of` said before */
  leave(namespaceId: number): number {
    const coveredMs = this.of(namespaceId);
    this.#before.set(namespaceId, this.#sinceStart(namespaceId));
    return coveredMs;
  }

  /** A container is in a group again that it had left after so long. */
  comeBack(namespaceId: number, coveredMs: number): void {
    this.#before.set(namespaceId, (this.#before.get(namespaceId) ?? 0) - coveredMs);
  }

  /** The step is over. */
  clear(): void {
    for (const coveredMs of this.#coveredMs.values()) coveredMs.fill(0);
    this.#before.clear();
  }

  #sinceStart(namespaceId: number): number {
    const root = this.rootOf(namespaceId);
    return root === null ? 0 : (this.#coveredMs.get(root >> 8)?.[root % SHARD_SIZE] ?? 0);
  }
}
