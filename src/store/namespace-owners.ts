import type { Db } from "./client.ts";
import { isRoot, type NamespaceOwner, readNamespaceOwners } from "./directory.ts";
import { shardOf } from "./snapshots.ts";

/** Everything is read again this often: until then a namespace that was deleted is still shown. */
const RELOAD_MS = 600_000;
/**
 * Ids are drawn before they are committed, so a lower one may appear after a higher one. Those seen within this
 * time are asked for again: longer than a statement and a commit may take on a busy disk.
 */
const OVERLAP_MS = 120_000;
/** And not more of them than this, so that the looks right after everything was read do not read it again. */
const OVERLAP_IDS = 10_000;

interface Highest {
  readonly root: number;
  readonly other: number;
}

const NONE: Highest = { root: 0, other: 0 };

/** All namespaces there are. */
export interface Namespaces {
  /** Host id by namespace id. */
  readonly ownerOf: ReadonlyMap<number, number>;
  /** The namespaces of each host by its id, the root first. */
  readonly namespacesOf: ReadonlyMap<number, readonly NamespaceOwner[]>;
  /** Shards in which there are namespaces. */
  readonly shards: readonly number[];
  /** The same object for as long as no namespace has come or gone. */
  readonly facts: object;
}

/**
 * Which namespace belongs to which host, kept up to date by asking for the new ones only: containers come and
 * go by the hundred on each host, and no namespace ever changes its host or its labels.
 */
export class NamespaceOwners {
  readonly #db: Db;
  #known = new Known();
  #reloadedAt = Number.NEGATIVE_INFINITY;
  /** Up to where everything is known for certain. */
  #settled = NONE;
  /** The highest ids of each look within the overlap, oldest first. */
  #looks: { readonly at: number; readonly highest: Highest }[] = [];

  constructor(db: Db) {
    this.#db = db;
  }

  /**
   * The namespaces. What was given before grows with them.
   *
   * @param now ms since 1970
   */
  async read(now: number): Promise<Namespaces> {
    const reload = Math.abs(now - this.#reloadedAt) >= RELOAD_MS;
    while (this.#looks[0] !== undefined && now - this.#looks[0].at >= OVERLAP_MS) {
      this.#settled = this.#looks.shift()?.highest ?? this.#settled;
    }
    const highest = this.#looks.at(-1)?.highest ?? this.#settled;
    const above = {
      root: Math.max(this.#settled.root, highest.root - OVERLAP_IDS),
      other: Math.max(this.#settled.other, highest.other - OVERLAP_IDS),
    };
    const rows = await readNamespaceOwners(this.#db, reload ? NONE : above);
    if (reload) {
      this.#known = new Known();
      this.#reloadedAt = now;
    }
    let { root, other } = highest;
    for (const row of rows) {
      this.#known.add(row);
      if (isRoot(row.id)) root = Math.max(root, row.id);
      else other = Math.max(other, row.id);
    }
    this.#looks.push({ at: now, highest: { root, other } });
    return this.#known.all();
  }
}

class Known {
  readonly #ownerOf = new Map<number, number>();
  readonly #namespacesOf = new Map<number, NamespaceOwner[]>();
  readonly #shards = new Set<number>();
  #facts = {};

  add(namespace: NamespaceOwner): void {
    const { id, hostId } = namespace;
    if (this.#ownerOf.has(id)) return;
    this.#facts = {};
    this.#ownerOf.set(id, hostId);
    this.#shards.add(shardOf(id));
    const own = this.#namespacesOf.get(hostId);
    if (own === undefined) {
      this.#namespacesOf.set(hostId, [namespace]);
      return;
    }
    // Roots have the lower ids, whenever they come.
    own.splice(own.findLastIndex((one) => one.id < id) + 1, 0, namespace);
  }

  all(): Namespaces {
    return {
      ownerOf: this.#ownerOf,
      namespacesOf: this.#namespacesOf,
      shards: [...this.#shards],
      facts: this.#facts,
    };
  }
}
